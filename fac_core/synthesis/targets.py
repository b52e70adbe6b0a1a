"""What is known of a target when texts are written for it: its name, its δ, and where it fires in real texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import Definition
from fac_core.evidence.examples import peak_words, top_examples
from fac_core.store.runs.run_file import RunFile

N_SPANS = 12
"""Strongest anchor samples kept of a target."""
_THEME_TEXTS, _THEME_CHARACTERS = 2, 200
_BEFORE, _AFTER = 120, 60
"""Characters looked at on either side of a peak."""
_SENTENCE_END = re.compile(r"[.!?:]\s+|\n+")
_STOP = re.compile(r"[.!?](?=\s|$)|\n")
_MAX_LEAD_WORDS = 12
_LEAST_WORDS = 5
"""A sentence with fewer goes on into the next one: "B." before an option says nothing without the option."""


@dataclass(frozen=True)
class Span:
    """A piece of an anchor text around the token on which the target peaks."""

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


@dataclass(frozen=True)
class Target:
    """A gap that is to be filled."""

    feature_id: int
    label: str
    """What it is called, or the words on which it peaks; untrusted text."""
    delta: float
    maximum: float
    """Strongest activation in the anchor."""
    spans: tuple[Span, ...]
    """Strongest first, no two with the same words."""
    theme: str = ""
    """What is said of its theme in the prompt (`theme_in_words`); untrusted text."""


def theme_in_words(words: Collection[str], texts: Collection[str]) -> str:
    """A theme as a prompt says it: its words, and the beginnings of two of its texts.

    >>> theme_in_words(("court", "judge"), ("The court ruled.", "A judge sat."))
    'The theme is: court, judge. Two texts of it: "The court ruled." "A judge sat."'
    """
    shown = [" ".join(text.split()) for text in list(texts)[:_THEME_TEXTS]]
    cut = " ".join(f'"{text[:_THEME_CHARACTERS]}{"…" if len(text) > _THEME_CHARACTERS else ""}"' for text in shown)
    return f"The theme is: {', '.join(words)}. Two texts of it: {cut}"


def targets(
    anchor: RunFile, feature_ids: Collection[int], definition: Definition, labels: Mapping[int, str], theme: str = ""
) -> list[Target]:
    """Look targets up in the anchor. A target without a label is called by the words on which it peaks."""
    delta = thresholds(anchor, definition)
    words = peak_words(anchor, list(feature_ids), n=4)
    found: list[Target] = []
    for feature in feature_ids:
        examples = top_examples(anchor, feature, N_SPANS)
        spans = [
            span(e.text, e.peak.char_start, e.peak.char_end, e.activation, e.sample_id) for e in examples if e.peak
        ]
        called = labels.get(feature) or ", ".join(word.word for word in words[feature])
        strongest = max((e.activation for e in examples), default=0.0)
        found.append(Target(feature, called, float(delta[feature]), strongest, _distinct(spans), theme))
    return found


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


def _distinct(spans: Collection[Span]) -> tuple[Span, ...]:
    kept: dict[str, Span] = {}
    for one in spans:
        kept.setdefault(one.text.lower(), one)
    return tuple(one for one in kept.values() if one.text)
