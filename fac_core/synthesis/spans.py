"""Pieces of the anchor's texts around the token on which a feature peaks: all that prompts show of real texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from fac_core.evidence.examples import Example

N_SPANS = 12
"""Strongest anchor samples kept of a target."""
_BEFORE, _AFTER = 120, 60
"""Characters looked at on either side of a peak."""
_SENTENCE_END = re.compile(r"[.!?:]\s+|\n+")
_STOP = re.compile(r"[.!?](?=\s|$)|\n")
_MAX_LEAD_WORDS = 12
_LEAST_WORDS = 5
"""A sentence with fewer goes on into the next one: "B." before an option says nothing without the option."""


@dataclass(frozen=True)
class Span:
    """A piece of an anchor text around the token on which a feature peaks."""

    before: str
    """From the beginning of the sentence, or of its last words, to the peak."""
    peak: str
    """The token itself, with what remains of its word."""
    after: str
    """To the end of the sentence, or a few words."""
    activation: float
    sample_id: int
    is_whole: bool = False
    """Whether it begins where a sentence begins."""

    @property
    def text(self) -> str:
        """The piece on one line."""
        return " ".join(f"{self.before}{self.peak}{self.after}".split())

    @property
    def word(self) -> str:
        """The word of the peak, with a space in front where there is one."""
        begun = re.search(r"\w*$", self.before) if self.peak[:1].isalnum() else None
        start = begun.start() if begun else len(self.before)
        return (" " if self.before[:start].endswith((" ", "\n")) else "") + self.before[start:] + self.peak


def spans_of(examples: Iterable[Example]) -> tuple[Span, ...]:
    """The spans of a feature's examples in their order, no two with the same words.

    >>> from fac_core.evidence.examples import top_examples
    >>> [one.word for one in spans_of(top_examples(view.p, 2, 1))]
    [' w002']
    """
    kept: dict[str, Span] = {}
    for one in examples:
        if one.peak:
            cut = span(one.text, one.peak.char_start, one.peak.char_end, one.activation, one.sample_id)
            kept.setdefault(cut.text.lower(), cut)
    return tuple(one for one in kept.values() if one.text)


def span(text: str, start: int, end: int, activation: float, sample_id: int) -> Span:
    """Cut the sentence around a peak out of a text, at most a few words to each side of it.

    >>> span("We met. A lawyer, on trial for embezzlement, fled.", 16, 17, 1.0, 0).before
    'A lawyer'
    """
    left = text[max(0, start - _BEFORE) : start]
    ends = list(_SENTENCE_END.finditer(left))
    is_whole = bool(ends) or start <= _BEFORE
    if ends:
        left = left[ends[-1].end() :]
    words = re.findall(r"\S+\s*|\s+", left)
    before = "".join(words[-_MAX_LEAD_WORDS:])
    is_whole = is_whole and len(words) <= _MAX_LEAD_WORDS
    rest = text[end : end + _AFTER]
    word_end = re.match(r"\w*", rest)
    tail = word_end[0] if word_end and text[end - 1 : end].isalnum() else ""
    after = rest[len(tail) :]
    begun = len(before.split()) + 1
    stops = (m.end() for m in _STOP.finditer(after))
    stop = next((n for n in stops if begun + len(after[:n].split()) >= _LEAST_WORDS), None)
    after = after[:stop] if stop else after.rpartition(" ")[0]
    return Span(before, text[start:end] + tail, after.rstrip(), activation, sample_id, is_whole)
