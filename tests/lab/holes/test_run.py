"""The study goes on from what is written, keeps to its use, and ends as a document."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from fac_core.cli.app import run as command
from fac_core.errors import WrongUse
from fac_core.lab.holes import run as running
from fac_core.lab.holes.document import holes_document, holes_figure
from fac_core.lab.holes.power import power, was_found
from fac_core.lab.holes.results import append, read_results
from fac_core.store.workspace import Workspace
from tests.lab.holes.made_up import GROUPS, collection

MADE_UP = collection(300, derived=True)
SETTINGS = """
name = "small"
cuts = 1
left = [0.0, 0.5]
shares = [0.1]
sizes = [100]
nulls = 2
[[collection]]
name = "made up"
use = "choose"
run = "none"
[[collection]]
name = "secret"
use = "final"
run = "none"
"""
METHODS = ["gaps", "embedding clusters"]
N_CASES = len(GROUPS) * 2 + 2 * 2 + 2
N_SIZED = len(GROUPS) * 2


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study of the made-up collection; `loaded` says what was read."""
    loaded = []
    monkeypatch.setattr(running, "load", lambda spec, *_, **__: loaded.append(spec.name) or MADE_UP)
    settings = tmp_path / "small.toml"
    settings.write_text(SETTINGS, encoding="utf-8")
    workspace = Workspace.create(tmp_path / "workspace")

    def go(**more):
        return running.holes(settings, workspace, **{"methods": METHODS, **more})

    return SimpleNamespace(go=go, loaded=loaded, settings=settings, workspace=workspace)


def test_every_case_is_answered_by_every_method_once(study):
    lines = study.go()
    assert len(lines) == N_CASES * len(METHODS)
    assert study.loaded == ["made up"]
    path = study.workspace.folder / "holes" / "small.jsonl"
    written = path.read_text(encoding="utf-8")
    study.go()
    assert path.read_text(encoding="utf-8") == written


def test_only_ours_is_asked_about_holes_of_given_sizes(study):
    assert len(study.go(methods=["shortfall", "gaps"])) == 2 * N_CASES + N_SIZED


def test_the_power_table_can_be_left_out(study):
    assert len(study.go(methods=["shortfall"], power=False)) == N_CASES


def test_it_goes_on_where_it_was_cut_off(study):
    first = study.go()
    path = study.workspace.folder / "holes" / "small.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2], encoding="utf-8")  # in the middle of a line
    again = study.go()
    assert {(r["case"], r["method"]): r["auroc"] for r in again} == {
        (r["case"], r["method"]): r["auroc"] for r in first
    }
    assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:3])


def test_of_two_results_the_later_one_holds(tmp_path):
    path = tmp_path / "r.jsonl"
    one = {"collection": "c", "case": "k", "method": "m", "auroc": 0.5}
    append(path, [one])
    append(path, [{**one, "auroc": 0.9}])
    assert [line["auroc"] for line in read_results(path)] == [0.9]


def test_a_method_that_changed_is_asked_again(study, monkeypatch):
    study.go(methods=["gaps"])
    asked = []
    monkeypatch.setattr(running, "answer", lambda case, _: asked.append(case.key) or [])
    study.go(methods=["gaps"])
    assert asked == []
    study.go(methods=["gaps"], again=True)
    assert len(asked) == N_CASES


def test_a_collection_for_the_end_is_not_looked_at_by_mistake(study):
    with pytest.raises(WrongUse, match="secret"):
        study.go(only=["secret"])
    assert study.loaded == []
    study.go(only=["secret"], use="final")
    assert study.loaded == ["secret"]


def test_processes_side_by_side_say_the_same(study, monkeypatch):
    page = ModuleType("__main__")
    page.__file__ = "no_such_page.py"  # a page that a test ran leaves itself there: a process that begins with it dies
    monkeypatch.setitem(sys.modules, "__main__", page)
    cases = [(case, ["gaps"]) for case in list(running.cases_of(MADE_UP, running.read_holes(study.settings), [0]))[:3]]
    alone, together = (list(running._answers(cases, jobs)) for jobs in (1, 2))
    strip = [[{**line, "seconds": 0} for line in lines] for lines in alone]
    assert strip == [[{**line, "seconds": 0} for line in lines] for lines in together]


def test_the_document_shows_every_collection_and_method(study):
    lines = study.go(methods=["shortfall", *METHODS])
    text = holes_document(lines, resamples=20)
    assert "## made up" in text
    assert "6 groups of" in text
    assert "50% of the group is left" in text
    assert "Ahead of the best method on embeddings" in text
    assert "| texts joined in pairs | embeddings, 60 clusters |" in text
    assert "How small a hole" in text
    assert "gaps, as the list ranks them | 0." in text
    picture = holes_figure(lines, resamples=20)
    assert picture.startswith("<svg")
    assert "made up, embeddings, 60 clusters" in picture


def test_power_counts_what_is_found():
    line = {"method": "m", "kind": "hole", "wanted": "5%", "size": "300", "n_data": 300, "reported_right": True}
    lines = [
        {**line, "auroc": 0.9, "among_three": True},
        {**line, "auroc": 0.9, "among_three": False},
        {**line, "auroc": 0.7, "among_three": True},
        {**line, "auroc": 0.5, "among_three": True, "wanted": "as it is"},
        {**line, "auroc": 0.5, "among_three": True, "wanted": "2%", "size": "all"},
    ]
    assert [was_found(one) for one in lines[:3]] == [True, False, False]
    small, large = power(lines, "m")
    assert (small.wanted, small.size, large.wanted, large.n_cases) == ("2%", "all", "5%", 3)
    assert large.found == pytest.approx(1 / 3)
    assert large.auroc == pytest.approx(2.5 / 3)
    assert power(lines, "another") == []


def test_the_command_writes_document_and_picture(study, tmp_path, capsys):
    path = tmp_path / "missing.md"
    asked = ["lab", "holes", str(study.settings), "-w", str(study.workspace.folder), "--methods", "gaps", "--cuts", "1"]
    assert command([*asked, "--out", str(path)]) == 0
    assert "made up" in capsys.readouterr().out
    assert "## made up" in path.read_text(encoding="utf-8")
    assert path.with_suffix(".svg").is_file()
    assert command([*asked, "--show", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == N_CASES
    assert command([*asked, "--use", "never"]) != 0
