"""Comparing datasets through the verbs and the commands."""

from __future__ import annotations

import json

import pytest

import fac_core as fac
from fac_core.cli.app import run
from fac_core.errors import NotFound, WrongUse
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


def said(capsys, *arguments: str) -> str:
    assert run(list(arguments)) == 0
    return capsys.readouterr().out


def test_the_matrix_takes_all_runs_of_the_space_unless_some_are_named(folder):
    assert fac.coverage_matrix(workspace=folder).names == ("anchor", "<more>", "seed")
    assert fac.coverage_matrix(["seed", "anchor"], workspace=folder).names == ("seed", "anchor")


def test_texts_for_a_feature_come_from_all_runs_strongest_first(folder):
    found = fac.find_texts(2, workspace=folder, n=4)
    assert [(text.run, text.example.activation) for text in found] == [
        ("<more>", 11.0), ("<more>", 10.0), ("<more>", 9.0), ("anchor", 6.0),
    ]  # fmt: skip
    assert all(text.counts for text in found)
    assert {text.run for text in fac.find_texts(2, ["anchor"], workspace=folder)} == {"anchor"}


def test_a_text_that_only_nearly_fires_is_found_and_does_not_count(folder):
    found = fac.find_texts(0, ["seed"], definition=fac.CALIBRATED, workspace=folder)
    assert found
    assert not any(text.counts for text in found)


def test_gaps_are_searched_in_neither_the_run_nor_the_anchor(folder):
    (found,) = fac.closable_gaps("seed", workspace=folder)
    assert (found.sources, found.n_gaps, found.closed) == (("<more>",), 2, (2,))
    (whole,) = fac.closable_gaps("seed", ["anchor"], workspace=folder)
    assert whole.closed == (2, 3)


def test_without_a_third_run_the_error_says_what_to_do(folder):
    Workspace(folder).run_path("m").unlink()
    with pytest.raises(NotFound, match="third run"):
        fac.closable_gaps("seed", workspace=folder)


def test_effects_have_the_words_of_the_anchor(folder):
    rows = fac.effects("anchor", "<more>", workspace=folder).to_pylist()
    assert {row["feature_id"] for row in rows} == {0, 1, 2, 3}
    assert all(row["words"] for row in rows)


def test_every_command_has_one_document_and_a_table(folder, capsys, tmp_path):
    w = ("-w", str(folder))
    for command in (
        ("overlap", "anchor", "seed"),
        ("matrix",),
        ("matrix", "--match", "samples"),
        ("find", "2"),
        ("find", "--gaps", "--run", "seed"),
        ("subset", "seed"),
        ("pick", "m", "-n", "1", "--seed", "seed"),
        ("diversity", "seed", "anchor", "--draws", "2", "--match", "none"),
    ):
        assert isinstance(json.loads(said(capsys, *command, *w, "--json")), dict | list), command
    assert "both" in said(capsys, "overlap", "anchor", "seed", *w)
    assert "more" in said(capsys, "matrix", *w)
    assert "above" in said(capsys, "find", "2", *w)
    assert "keep 99%" in said(capsys, "subset", "seed", *w)


def test_a_subset_is_written_as_ids(folder, capsys, tmp_path):
    said(capsys, "subset", "seed", "-w", str(folder), "--keep", "1", "-o", str(tmp_path / "ids.jsonl"))
    lines = (tmp_path / "ids.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["sample_id"] for line in lines] == list(
        fac.small_subset("seed", keep=1.0, workspace=folder).sample_ids
    )


def test_picked_samples_are_written_as_a_dataset(folder, capsys, tmp_path):
    said_it = said(capsys, "pick", "anchor", "-n", "2", "-w", str(folder), "-o", str(tmp_path / "p.jsonl"))
    assert "2 samples of anchor" in said_it
    lines = (tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert all(json.loads(line)["text"] for line in lines)


@pytest.mark.parametrize("wrong", [("find",), ("find", "2", "--gaps"), ("matrix", "--match", "words")])
def test_wrong_use_is_said(folder, wrong):
    assert run([*wrong, "-w", str(folder)]) == 2


def test_a_feature_that_there_is_not_is_refused(folder):
    with pytest.raises(WrongUse, match="no feature 5"):
        fac.find_texts(5, workspace=folder)
