"""The notebooks run from top to bottom, and are kept without what they print."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.checkout import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, Any]]:
    return [c for c in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]


def run(notebook: Path) -> list[Any]:
    """Run every cell in one world, as a kernel would; what each ends with, None for a statement."""
    world: dict[str, Any] = {"__name__": "__main__"}
    shown = []
    for place, cell in enumerate(cells(notebook)):
        *before, last = ast.parse("".join(cell["source"])).body
        is_shown = isinstance(last, ast.Expr)
        where = f"{notebook.name}, cell {place}"
        exec(compile(ast.Module(before if is_shown else [*before, last], []), where, "exec"), world)  # noqa: S102 - ours
        shown.append(eval(compile(ast.Expression(last.value), where, "eval"), world) if is_shown else None)  # noqa: S307
    return shown


def test_both_are_there_and_linked_from_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [one.name for one in NOTEBOOKS] == ["fill_a_gap.ipynb", "first_steps.ipynb"]
    assert all(f"(docs/notebooks/{one.name})" in readme for one in NOTEBOOKS)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda one: one.stem)
def test_nothing_printed_is_kept(notebook):
    for cell in cells(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert not re.search(r"^[%!]", "".join(cell["source"]), re.MULTILINE), (
            "plain Python alone, or the test cannot run it"
        )


@pytest.mark.weights
def test_the_first_steps_find_the_kind_of_text_that_was_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, _, missing, paper, calibrated, gaps, _ = run(ROOT / "docs" / "notebooks" / "first_steps.ipynb")
    (theme,) = missing.themes
    assert all("shall" in text.text for text in theme.texts)
    assert paper.fac > calibrated.fac
    assert set(gaps["theme"].to_pylist()) == {theme.name}
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.weights
def test_a_gap_is_filled_by_what_fires_it_and_by_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, estimate, counts, _, before, after, closure = run(ROOT / "docs" / "notebooks" / "fill_a_gap.ipynb")
    assert estimate.targets == 3
    made, passed = counts
    assert 0 < passed < made
    assert after.fac > before.fac
    assert 0 < closure.closure < 1
