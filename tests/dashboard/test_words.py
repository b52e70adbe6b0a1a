"""Pages, commands, reports and jobs speak plainly: one function knows plurals, and what is within the machine stays there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import dashboard
import fac_core
from fac_core.progress import counted

PAGES, CORE = Path(dashboard.__file__).parent, Path(fac_core.__file__).parent
ROOMS = [
    "cli",
    "workflows",
    "jobs",
    "themes",
    "curation",
    "synthesis",
    "generators",
    "gaps",
    "export",
    "report",
    "people",
]
SPEAKING = sorted([*PAGES.rglob("*.py"), *(one for room in ROOMS for one in (CORE / room).rglob("*.py"))])
"""Files whose sentences people read."""
NOUNS = (
    "candidate",
    "dataset",
    "decision",
    "duplicate",
    "edit",
    "failure",
    "feature",
    "gap",
    "label",
    "record",
    "request",
    "row",
    "run",
    "sample",
    "target",
    "text",
    "theme",
    "token",
)
PLURAL = re.compile(rf"^ (?:\w+ )?(?:{'|'.join(NOUNS)})s\b")


def unchecked(source: str) -> list[tuple[int, str]]:
    """Line and words where a number stands before a noun that is a plural whatever the number."""
    found = []
    for text in ast.walk(ast.parse(source)):
        if not isinstance(text, ast.JoinedStr):
            continue
        for number, after in zip(text.values, text.values[1:], strict=False):
            if isinstance(number, ast.FormattedValue) and isinstance(after, ast.Constant) and _counts(number):
                found += [(text.lineno, match.group()) for match in [PLURAL.match(str(after.value))] if match]
    return found


def _counts(number: ast.FormattedValue) -> bool:
    """A number with its thousands marked, or the length of something; a range's end is no count, nor is a rate."""
    spec = number.format_spec.values if isinstance(number.format_spec, ast.JoinedStr) else []
    is_length = isinstance(number.value, ast.Call) and getattr(number.value.func, "id", "") == "len"
    return "".join(str(part.value) for part in spec if isinstance(part, ast.Constant)) == "," or (
        is_length and not spec
    )


@pytest.mark.parametrize("path", SPEAKING, ids=lambda p: p.relative_to(PAGES.parent).as_posix())
def test_numbers_before_a_noun_go_through_one_function(path):
    assert unchecked(path.read_text(encoding="utf-8")) == []


def test_the_look_sees_what_it_should():
    said = (
        'f"{n:,} gaps left"\nf"{n:,} more gaps"\nf"{n:.0f} gaps"\nf"{n:,} lines"\nf"{len(found)} runs"\nf"{MOST} runs"'
    )
    assert unchecked(said) == [(1, " gaps"), (2, " more gaps"), (5, " runs")]


def test_one_is_one():
    assert [counted(n, "failure") for n in (0, 1, 2)] == ["0 failures", "1 failure", "2 failures"]
