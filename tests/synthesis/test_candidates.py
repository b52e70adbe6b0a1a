"""Candidates and their measurements survive the log, whole, with every version."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fac_core.store.measurements import Measurement
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch, Candidate, Candidates, candidate_id

ONE = Candidate(
    candidate_id=candidate_id("b", 7, "one step", 0),
    batch_id="b",
    feature_id=7,
    text="Court is in session.",
    fields={},
    shape="text",
    method="one step",
    prompt="text@1",
    generator="local",
    parameters={"temperature": 0.8},
    activation=3.5,
    delta=1.0,
    tokens=((0, 5, 3.5), (12, 19, 1.25)),
    verdict="passes",
)


@pytest.fixture
def place(tmp_path):
    return Workspace.create(tmp_path / "w")


def test_a_candidate_comes_back_as_it_was_recorded(place):
    candidates = Candidates(place.events())
    candidates.record([ONE], author="worker")
    back = candidates.of("b")[ONE.candidate_id]
    assert replace(back, version=0, author="", at="") == ONE
    assert back.peak == (0, 5, 3.5)


def test_an_edit_is_a_new_version_and_the_old_text_stays(place):
    candidates = Candidates(place.events())
    candidates.record([ONE], author="worker")
    candidates.record([replace(ONE, text="Court rises.", method="edited", verdict="not measured")], author="Ann")
    assert candidates.of("b")[ONE.candidate_id].text == "Court rises."
    assert [c.text for c in candidates.history("b", ONE.candidate_id)] == ["Court is in session.", "Court rises."]


def test_a_batch_is_recorded_once(place):
    candidates = Candidates(place.events())
    batch = Batch("b", "anchor", "seed", "space", (7, 9), {"budget": 100})
    for _ in range(2):
        candidates.record_batch(batch, author="Ann")
    assert [(b.targets, b.settings, b.author) for b in candidates.batches("anchor")] == [
        ((7, 9), {"budget": 100}, "Ann")
    ]
    assert len(place.events().history("anchor", "batch")) == 1


def test_measurements_come_back_exactly_and_are_never_overwritten(place):
    first = Measurement("c", 1, np.array([3, 9], np.uint32), np.array([1.5, 0.25], np.float32))
    again = Measurement("c", 1, np.array([4], np.uint32), np.array([9.0], np.float32))
    for one in (first, again):
        place.measurements().record("b", [one])
    back = place.measurements().of("b")[("c", 1)]
    assert back.feature_ids.tolist() == [3, 9]
    assert back.activations.tolist() == [1.5, 0.25]
    assert place.measurements().of("other") == {}
