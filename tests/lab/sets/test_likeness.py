"""Samples are picked so that means become the anchor's: what is lacking first, and not more of it than there should be."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse

from fac_core.cli.app import run as command
from fac_core.errors import ModelMismatch, NotFound, WrongUse
from fac_core.lab.sets.likeness import by_mean, inverse, likest, mean_of
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from tests.runs import make_run

Runs = Callable[..., RunFile]
LABELS = [{"label": "rude"}, {"label": "kind"}, {"label": "kind"}, {}]


def test_what_there_is_too_little_of_is_taken_and_what_there_is_too_much_of_is_left():
    values = sparse.csr_matrix(np.array([[1.0, 1, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]))
    four_of_the_first = sparse.csr_matrix(np.array([[1.0, 0, 0]] * 4))
    mean = np.array([0.5, 0.5, 0.0])
    asked = {"mean": mean, "there": four_of_the_first, "weight": inverse(mean, 1.0)}
    assert by_mean(values, 1, **asked).tolist() == [2]
    assert sorted(by_mean(values, 9, **asked).tolist()) == [0, 1, 2, 3]


def test_picked_samples_have_a_mean_nearer_to_the_wanted_one_than_drawn_ones():
    points = np.random.default_rng(0).normal(size=(200, 5))
    mean, nothing = np.array([0.5, 0, 0, -0.5, 0]), sparse.csr_matrix((0, 5))
    picked = by_mean(sparse.csr_matrix(points), 20, mean=mean, there=nothing, weight=np.ones(5))
    assert np.linalg.norm(points[picked].mean(axis=0) - mean) < 0.1 < np.linalg.norm(points[:20].mean(axis=0) - mean)


def test_weights_are_powers_and_nothing_has_no_weight():
    assert inverse(np.array([4.0, 0.0]), 0.5).tolist() == [0.5, 0.0]
    assert mean_of(sparse.csr_matrix(np.array([[1.0, 0], [3.0, 0]]))).tolist() == [2.0, 0.0]


def test_a_seed_gets_what_it_lacks_and_comes_nearer(run_of: Runs):
    anchor = run_of("anchor", [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0)], n_samples=3)
    seed = run_of("seed", [(0, 0, 1.0), (1, 1, 1.0)], n_samples=2)
    source = run_of("source", [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (2, 3, 9.0)], n_samples=4)
    found = likest(source, anchor, 1, seed=seed)
    assert found.sample_ids == (2,)  # not the one that has nine times as much of it
    assert found.classes == (None,)
    assert found.distance[1] == pytest.approx(0)
    assert found.distance[0] > 0.1
    alone = likest(source, anchor, 3)
    assert sorted(alone.sample_ids) == [0, 1, 2]
    assert alone.seed is None
    assert found.moved == "100% nearer to anchor"
    assert likest(source, anchor, 1, seed=anchor).moved == "0% nearer to anchor"


def test_classes_are_picked_for_themselves_in_the_proportions_of_the_anchor(run_of: Runs):
    active = [(i, i, 1.0) for i in range(4)]
    anchor = run_of("anchor", active, n_samples=4, metadata=LABELS)
    source = run_of("source", active, n_samples=4, metadata=LABELS)
    found = likest(source, anchor, 3, by="label")
    assert found.classes == ("kind", "kind", "rude")
    assert set(found.sample_ids) == {0, 1, 2}
    with pytest.raises(WrongUse, match="2 samples with label = kind; 4 are asked for"):
        likest(source, anchor, 6, by="label")
    with pytest.raises(NotFound, match="has the field 'class'"):
        likest(source, anchor, 1, by="class")


def test_runs_of_another_space_are_refused(run_of: Runs):
    active = [(0, 0, 1.0)]
    with pytest.raises(ModelMismatch):
        likest(run_of("source", active, space_id="other"), run_of("anchor", active), 1)


def test_the_command_picks_and_writes_the_samples_as_rows(tmp_path, capsys):
    workspace = Workspace.create(tmp_path / "w")
    active, texts = [(i, i, 1.0) for i in range(4)], ["so rude", "kind", "kinder", "no label"]
    for name in ("anchor", "source"):
        make_run(workspace.run_path(name), name, active, 4, 5, texts=texts, metadata=LABELS, run_id=name).close()
    picked = tmp_path / "picked.jsonl"
    asked = ["lab", "pick", "source", "-n", "3", "--anchor", "anchor", "--by", "label", "--output", str(picked)]
    assert command([*asked, "-w", str(workspace.folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["classes"] == ["kind", "kind", "rude"]
    rows = [json.loads(line) for line in picked.read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == [texts[i] for i in found["sample_ids"]]
    assert [row["label"] for row in rows] == ["kind", "kind", "rude"]
