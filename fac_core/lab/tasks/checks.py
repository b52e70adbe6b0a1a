"""Instructions whose fulfilment a program can verify, and the programs: no judge, no opinion.

The tasks are plain, the demands are attached to them: "… Answer in exactly two sentences." A small model fails most, so a
training set that helps shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Check:
    """An instruction and whether an answer does what it demands."""

    instruction: str
    demand: str
    holds: Callable[[str], bool]


def share_held(checks: Sequence[Check], answers: Sequence[str]) -> float:
    """The share of the answers that do what was demanded; an empty answer never does."""
    held = [bool(a.strip()) and c.holds(a) for c, a in zip(checks, answers, strict=True)]
    return sum(held) / len(held)


def checks() -> tuple[Check, ...]:
    """Every demand on every topic, always in the same order."""
    return tuple(Check(f"{task} {demand}", name, holds) for task, (name, demand, holds) in product(_TASKS, _DEMANDS))


def _sentences(text: str) -> int:
    return len([part for part in re.split(r"(?<=[.!?])\s+", text.strip()) if part])


def _bullets(text: str) -> int:
    return len(re.findall(r"^\s*[-*•]\s+\S", text, flags=re.MULTILINE))


def _has_answer(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "answer" in found


_TASKS = (
    "Describe the sea.",
    "Explain what a library is for.",
    "Say why people sleep.",
    "Describe how to boil an egg.",
    "Explain what rain is.",
    "Say what a doctor does.",
)

_DEMANDS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("two sentences", "Answer in exactly two sentences.", lambda a: _sentences(a) == 2),
    ("at most 20 words", "Use no more than 20 words.", lambda a: len(a.split()) <= 20),
    ("three bullets", "Answer as a list of exactly three bullet points.", lambda a: _bullets(a) == 3),
    ("no commas", "Do not use any commas.", lambda a: "," not in a),
    ("capitals", "Write in capital letters only.", lambda a: a.upper() == a and a.lower() != a),
    ("ends so", 'End with the words "That is all."', lambda a: a.strip().endswith("That is all.")),
    ("has the word", 'Use the word "always".', lambda a: re.search(r"\balways\b", a, re.IGNORECASE) is not None),
    ("JSON", 'Answer with one JSON object with the key "answer".', _has_answer),
)
