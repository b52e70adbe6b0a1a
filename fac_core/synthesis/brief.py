"""A theme as prompts show it, whatever the target: its name, its words, its strongest features, passages of its texts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.evidence.examples import examples_of, peak_words
from fac_core.store.runs.run_file import RunFile
from fac_core.synthesis.spans import Span, spans_of
from fac_core.themes.theme import Theme

_READ, _TEXTS = 20, 24
"""Features and texts, the strongest ones, that are looked at for passages: few of the texts have a stored peak of a feature."""
_FEATURES, _PEAK_WORDS = 5, 4
_KEPT, _PASSAGES = 6, 3
"""Passages of a brief, and of them those that one prompt shows: another one shows others."""
_LONGEST = 200
"""Characters of whatever is quoted."""


@dataclass(frozen=True)
class Brief:
    """What there is to say of a theme. Names and texts are untrusted: only `values` puts them into a prompt."""

    name: str
    words: tuple[str, ...]
    """That set its texts apart."""
    features: tuple[tuple[str, tuple[str, ...]], ...]
    """The strongest first: what each is called, empty without a label, and the words on which it peaks. No two say the same."""
    passages: tuple[Span, ...]
    """Around peaks of the theme's features in anchor texts of it; one of a text, the text that is most of the theme first."""

    @classmethod
    def of(cls, theme: Theme, anchor: RunFile, features: Sequence[int], labels: Mapping[int, str]) -> Brief:
        """A theme by some of its features, the strongest first.

        >>> theme = view.missing().themes[0]
        >>> Brief.of(theme, view.p, theme.features, {2: "addition"}).features
        (('addition', ('w002',)), ('', ('w003',)))
        """
        read, belonging = features[:_READ], dict(sorted(theme.belonging, key=lambda one: -one[1])[:_TEXTS])
        peaks = peak_words(anchor, read, _PEAK_WORDS)
        said = dict.fromkeys((labels.get(f, ""), tuple(peak.word for peak in peaks[f])) for f in read)
        passages: dict[int, Span] = {}
        for feature in read:
            for one in spans_of(examples_of(anchor, feature, list(belonging))):
                passages.setdefault(one.sample_id, one)
        strongest = sorted(passages.values(), key=lambda one: -belonging[one.sample_id])
        return cls(theme.name, theme.words, tuple(said)[:_FEATURES], tuple(strongest[:_KEPT]))

    def values(self, rng: np.random.Generator, besides: Collection[str] = (), lead: str = "") -> dict[str, str]:
        """What fills in a template's words about a theme.

        Args:
            besides: passages that the prompt shows already.
            lead: what the text is begun with; a passage that begins so would be there to go on with.
        """
        texts = [one.text for one in self.passages if one.text not in besides]
        left = [text for text in texts if not (lead and text.startswith(lead))]
        drawn = [left[i] for i in rng.permutation(len(left))[:_PASSAGES]]
        return {
            "theme": quoted(self.name),
            "theme_words": _in_row(self.words),
            "theme_features": _listed(
                ": ".join(filter(None, [name and quoted(name), _in_row(peaks)])) for name, peaks in self.features
            ),
            "theme_passages": _listed(map(quoted, drawn)),
        }


def quoted(text: str) -> str:
    """Untrusted text on one line, in quotes that it cannot close, of limited length.

    >>> print(quoted('so  "called"'))
    "so 'called'"
    """
    line = " ".join(text.split()).replace('"', "'")
    return f'"{line[:_LONGEST]}{"…" if len(line) > _LONGEST else ""}"'


def _in_row(words: Iterable[str]) -> str:
    return ", ".join(map(quoted, words))


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- none"
