"""Comparing datasets from the command line: one document and one table each, and one sentence for a wrong use."""

from __future__ import annotations

import json

import pytest

import fac_core as fac
from fac_core.cli.app import run
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def folder(tmp_path):
    """An anchor with features 0 to 3, a seed that lacks 2 and 3, and a third run that has 2 alone."""
    place = Workspace.create(tmp_path / "w")
    anchor = [(f, s, 1.0 + s) for f in range(4) for s in range(6)]
    make_run(place.run_path("p"), "anchor", anchor, 6, 5, run_id="p").close()
    make_run(place.run_path("m"), "<more>", [(2, s, 9.0 + s) for s in range(3)], 3, 5, run_id="m").close()
    make_run(place.run_path("q"), "seed", [(f, s, 1.0) for f in range(2) for s in range(4)], 4, 5, run_id="q").close()
    place.set_anchor("anchor")
    return place.folder


@pytest.fixture
def said(folder, capsys):
    """`said("gaps")` is what the command prints."""

    def command(*arguments: str) -> str:
        assert run([*arguments, "-w", str(folder)]) == 0
        return capsys.readouterr().out

    return command


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "anchor", "seed"),
        ("compare",),
        ("compare", "--match", "samples"),
        ("compare", "anchor", "seed", "--match", "tokens"),
        ("compare", "anchor", "seed", "<more>"),
        ("find", "2"),
        ("find", "--gaps", "--run", "seed"),
        ("subset", "seed"),
        ("diversity", "seed", "anchor", "--draws", "2", "--match", "none"),
    ],
)
def test_every_command_has_one_document_and_a_table(said, command):
    assert isinstance(json.loads(said(*command, "--json")), dict | list)
    assert said(*command).strip()


def test_two_names_are_compared_feature_by_feature(said):
    document = json.loads(said("compare", "seed", "anchor", "--json"))
    assert (document["overlap"]["run_a"], document["overlap"]["only_b"]["features"]) == ("seed", [2, 3])
    assert {row["feature_id"] for row in document["effects"]} == {0, 1, 2, 3}
    assert "only anchor" in said("compare", "seed", "anchor")


def test_all_runs_or_those_that_are_named_make_the_matrix(said):
    assert json.loads(said("compare", "--json"))["names"] == ["anchor", "<more>", "seed"]
    document = json.loads(said("compare", "seed", "anchor", "--match", "samples", "--json"))
    assert (document["names"], document["matched"]) == (["seed", "anchor"], ["samples", 4])
    assert "<more>" in said("compare")


def test_real_texts_say_whether_they_count(said):
    assert "above" in said("find", "2")
    assert "below" in said("find", "0", "--in", "seed", "--preset", "calibrated")


def test_a_subset_is_written_as_ids(said, folder, tmp_path):
    assert "keep 100%" in said("subset", "seed", "--keep", "1", "-o", str(tmp_path / "ids.jsonl"))
    lines = (tmp_path / "ids.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = fac.View.find("seed", workspace=folder).subset(1.0).sample_ids
    assert [json.loads(line)["sample_id"] for line in lines] == list(chosen)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("find",), "or say --gaps"),
        (("find", "2", "--gaps"), "or say --gaps"),
        (("find", "5"), "no feature 5"),
        (("compare", "--match", "words"), "'samples', 'tokens'"),
        (("compare", "--any-length"), "for two runs"),
        (("diversity", "seed", "--match", "words"), "'samples', 'tokens'"),
    ],
)
def test_wrong_use_is_said(folder, capsys, wrong, says):
    assert run([*wrong, "-w", str(folder), "--json"]) == 2
    assert says in json.loads(capsys.readouterr().out)["error"]
