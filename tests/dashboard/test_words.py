"""Pages speak plainly: one function knows plurals, and what is within the machine stays there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import dashboard
from fac_core.progress import counted

ROOT = Path(dashboard.__file__).parent
NOUNS = (
    "candidate",
    "dataset",
    "decision",
    "duplicate",
    "edit",
    "failure",
    "feature",
    "gap",
    "record",
    "row",
    "run",
    "sample",
    "target",
)
PLURAL = re.compile(rf"^ (?:\w+ )?(?:{'|'.join(NOUNS)})s\b")


def unchecked(source: str) -> list[tuple[int, str]]:
    """Line and words where a number stands before a noun that is a plural whatever the number."""
    found = []
    for text in ast.walk(ast.parse(source)):
        if not isinstance(text, ast.JoinedStr):
            continue
        for number, after in zip(text.values, text.values[1:], strict=False):
            if not (isinstance(number, ast.FormattedValue) and number.format_spec and isinstance(after, ast.Constant)):
                continue
            spec = "".join(str(part.value) for part in number.format_spec.values if isinstance(part, ast.Constant))  # type: ignore[attr-defined]
            if spec == "," and (match := PLURAL.match(str(after.value))):
                found.append((text.lineno, match.group()))
    return found


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_numbers_before_a_noun_go_through_one_function(path):
    assert unchecked(path.read_text(encoding="utf-8")) == []


def test_the_look_sees_what_it_should():
    assert unchecked('f"{n:,} gaps left"\nf"{n:,} more gaps"\nf"{n:.0f} gaps"\nf"{n:,} lines"') == [
        (1, " gaps"),
        (2, " more gaps"),
    ]


def test_one_is_one():
    assert [counted(n, "failure") for n in (0, 1, 2)] == ["0 failures", "1 failure", "2 failures"]
