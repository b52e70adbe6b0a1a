"""An answer is found once a workspace, and what lies in its place is believed only if it is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fac_core.store.workspace import Workspace
from fac_core.themes import kept
from fac_core.themes.answer import Missing, missing
from fac_core.themes.kept import missing_kept
from fac_core.view import View
from tests.themes.test_answer import dataset

LAW, NO_LAW = {"law": 0.3, "sums": 0.3, "tales": 0.4}, {"sums": 0.4, "tales": 0.6}


@pytest.fixture
def view(tmp_path) -> View:
    workspace = Workspace.create(tmp_path / "w")
    for seed, (name, shares) in enumerate({"anchor": LAW, "data": NO_LAW}.items()):
        dataset(tmp_path, name, seed, shares).close()
        (tmp_path / f"{name}.duckdb").replace(workspace.run_path(f"id-{name}"))
    return View.find("data", "anchor", workspace=workspace)


def as_another_process(view: View, **about) -> Missing:
    missing_kept.cache_clear()
    return missing_kept(view.workspace, view.q, view.p, **about)


def files(view: View) -> list[Path]:
    return sorted((view.workspace.folder / "cache" / "themes").iterdir())


def test_who_comes_later_finds_the_same_without_looking(view, monkeypatch):
    found = as_another_process(view)
    assert found == missing(view.q, view.p)
    assert found.themes
    monkeypatch.setattr(kept, "missing", None)
    assert as_another_process(view) == found


def test_other_features_are_another_answer(view):
    as_another_process(view)
    as_another_process(view, relevant=frozenset(range(20)))
    assert len(files(view)) == 2


def test_other_rules_find_it_anew(view, monkeypatch):
    as_another_process(view)
    monkeypatch.setattr(kept, "_rules", lambda: "of a later build")
    as_another_process(view)
    assert len(files(view)) == 2


@pytest.mark.parametrize("damage", ["", "{}", '{"themes": 1}', "cut", "a name that is a number"])
def test_what_is_no_answer_is_replaced_by_one(view, damage):
    found = as_another_process(view)
    (path,) = files(view)
    said = path.read_text(encoding="utf-8")
    wrong = json.loads(said)
    wrong["themes"][0]["name"] = 3
    path.write_text({"cut": said[:-9], "a name that is a number": json.dumps(wrong)}.get(damage, damage), "utf-8")
    assert as_another_process(view) == found
    assert path.read_text(encoding="utf-8") == said


def test_where_nothing_can_be_kept_the_answer_is_the_same(view):
    (view.workspace.folder / "cache").mkdir(exist_ok=True)
    (view.workspace.folder / "cache" / "themes").write_text("a file")
    assert as_another_process(view) == missing(view.q, view.p)
