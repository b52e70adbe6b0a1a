"""Texts that are the same, or nearly so, folded into one: counted, and never lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fac_core.evidence.examples import Example

NEAR = 0.9
"""Texts that share this part of their three-word sequences (Jaccard) are nearly the same."""

_WORD = re.compile(r"\w+")
_LENGTH = 3
_CHARACTERS = 4000
"""Compared of each text: enough to tell, and it keeps long texts quick."""


@dataclass(frozen=True)
class Distinct:
    """An example, with those that say the same."""

    example: Example
    duplicates: tuple[Example, ...] = ()
    """In the order in which they came."""


def fold(examples: Sequence[Example]) -> tuple[Distinct, ...]:
    """Fold every example into the first before it whose text is the same or nearly so. `unfold` takes it back.

    The same: equal words in equal order, whatever their case, spacing and punctuation. Nearly: see `NEAR`. A text
    without words is only the same as itself.
    """
    kept: list[tuple[Example, list[Example], frozenset[tuple[str, ...]]]] = []
    for example in examples:
        shape = sequences(example.text)
        for first, others, known in kept:
            if example.text == first.text or _overlap(shape, known) >= NEAR:
                others.append(example)
                break
        else:
            kept.append((example, [], shape))
    return tuple(Distinct(first, tuple(others)) for first, others, _ in kept)


def unfold(distinct: Sequence[Distinct]) -> tuple[Example, ...]:
    """All examples again, duplicates behind the one that they were folded into."""
    return tuple(example for one in distinct for example in (one.example, *one.duplicates))


def sequences(text: str) -> frozenset[tuple[str, ...]]:
    """The three-word sequences of a text; a text of fewer words is one sequence."""
    words = _WORD.findall(text[:_CHARACTERS].lower())
    return frozenset(tuple(words[i : i + _LENGTH]) for i in range(max(1, len(words) - _LENGTH + 1)) if words)


def _overlap(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b) if a and b else 0.0
