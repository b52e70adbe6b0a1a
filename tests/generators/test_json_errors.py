"""Who reads JSON of others expects all that reading it raises: not only that it is none, also numbers and depths beyond reason."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import dashboard
import fac_core


def caught(handler: ast.ExceptHandler) -> set[str]:
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(handler.type or handler)
        if isinstance(node, ast.Attribute | ast.Name)
    }


def narrow(source: str) -> list[int]:
    """Lines of `try` that expect JSON to be none, and not an integer of thousands of digits (`ValueError`)."""
    tries = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Try))
    return [
        node.lineno
        for node in tries
        if "JSONDecodeError" in (names := set().union(*map(caught, node.handlers))) and "ValueError" not in names
    ]


@pytest.mark.parametrize("room", [fac_core, dashboard])
def test_nobody_expects_less_than_reading_json_raises(room):
    files = sorted(Path(str(room.__file__)).parent.rglob("*.py"))
    assert {f"{file}:{line}" for file in files for line in narrow(file.read_text(encoding="utf-8"))} == set()


def test_what_expects_less_is_seen():
    assert narrow("try:\n    f()\nexcept json.JSONDecodeError:\n    pass\n") == [1]
    assert narrow("try:\n    f()\nexcept (json.JSONDecodeError, ValueError):\n    pass\n") == []
