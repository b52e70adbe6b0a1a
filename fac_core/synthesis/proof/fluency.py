"""Is it language? A text's perplexity under the unsteered model, against that of the anchor's own texts.

Words that do not belong together surprise the model. What it finds too easy to predict is one phrase over and over, which
is looked for as such: formulaic sentences of real texts are easy to predict too. The bound is a quantile of real texts
cut to a candidate's length, since perplexity falls with length. Strings of digits, capitals and signs are no surprise
either once they have begun; so most of a text has to be plain words, unless its target's own texts are not like that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.models.perplexity import Perplexity

HIGH = 0.95
"""Quantile of real texts beyond which a candidate is not fluent."""
N_REAL = 40
"""Real texts that the bound is taken from."""
_LENGTHS = (8, 16, 32, 64)
"""Tokens at which it is taken."""
REPEATED = 0.3
"""Share of a text's three-word sequences that stand in it more than once, from which it repeats itself."""

MIN_WORDS = 5
"""Below so many words it is a scrap, which perplexity cannot judge."""

LEAST_PLAIN = 0.6
"""Share of a text's words that are plain: 99 % of the demo anchor's texts have more, even in their first eight words."""

_WORD = re.compile(r"\w+")
_EDGES = re.compile(r"^\W+|\W+$")
_INNER = re.compile(r"['’.,/–‐-]")
_LETTERS = frozenset(("Ll", "Lu", "Lt", "Lo", "Mn", "Mc"))
"""Unicode's letters and the marks on them; the modifiers of phonetic notation are not among them."""


@dataclass(frozen=True)
class Bounds:
    """Perplexity that most real texts stay below, by their first so many tokens."""

    lengths: tuple[int, ...]
    high: tuple[float, ...]

    def at(self, n_tokens: int) -> float:
        """For a text of this length, interpolated on the logarithm of it."""
        return float(np.interp(np.log(max(n_tokens, 1)), np.log(self.lengths), self.high))


class Fluency:
    """Judges texts by the perplexity of a model, and by what they repeat."""

    def __init__(self, perplexity: Perplexity, real: Sequence[str]) -> None:
        self.perplexity = perplexity
        self.bounds = bounds(perplexity, real)

    def fault(self, text: str, perplexity: float, n_tokens: int, least_plain: float = LEAST_PLAIN) -> str:
        """Why a text of this perplexity is not fluent, in a sentence; empty if it is."""
        n_words = len(_WORD.findall(text))
        if n_words < MIN_WORDS:
            return f"It has {n_words} words; a text has {MIN_WORDS} at least."
        high = self.bounds.at(n_tokens)
        if not perplexity <= high:
            return f"Perplexity {perplexity:.0f}: {HIGH:.0%} of real texts of its length have at most {high:.0f}."
        share = repeated(text)
        if share >= REPEATED:
            return f"It repeats itself: {share:.0%} of its three-word sequences stand in it more than once."
        if plain(text) < least_plain:
            return f"{plain(text):.0%} of it are plain words; {least_plain:.0%} at least are asked for here."
        return ""


def bounds(perplexity: Perplexity, real: Sequence[str]) -> Bounds:
    """Bounds from an even choice of real texts."""
    places = np.unique(np.linspace(0, len(real) - 1, min(N_REAL, len(real))).astype(int))
    chosen: list[str] = [real[int(i)] for i in places]
    surprises = [one for one in perplexity.surprises(chosen, first=max(_LENGTHS)) if len(one)]
    by_length = ([np.exp(one[:length].mean()) for one in surprises] for length in _LENGTHS)
    return Bounds(_LENGTHS, tuple(float(np.quantile(values, HIGH)) for values in by_length))


def repeated(text: str) -> float:
    """Share of the three-word sequences that are not the first of their kind.

    >>> repeated("we met and we met and we met and left")
    0.5
    """
    words = _WORD.findall(text.lower())
    triples = list(zip(words, words[1:], words[2:], strict=False))
    return 1 - len(set(triples)) / len(triples) if triples else 0.0


def plain(text: str) -> float:
    """Share of the words that are made of letters, not all of them capitals.

    >>> plain("PURSUANT TO 18 U.S.C. the court"), plain("A well-known man's dog, (2019)")
    (0.3333333333333333, 0.8)
    """
    words = text.split()
    return sum(map(_is_plain, words)) / len(words) if words else 0.0


def least_plain(real: Sequence[str]) -> float:
    """The share that is asked of a text for a target, given real texts that fire it: theirs, where that is small."""
    return min(LEAST_PLAIN, float(np.median([plain(text) for text in real]))) if real else LEAST_PLAIN


def _is_plain(word: str) -> bool:
    bare = _EDGES.sub("", word)
    letters = _INNER.sub("", bare)
    shouted = len(letters) > 1 and letters.isupper()
    return bool(letters) and not shouted and all(unicodedata.category(one) in _LETTERS for one in letters)
