"""Every feature has one coverage state, and the states add up to FAC."""

from __future__ import annotations

from collections import Counter

import pytest

from fac_core.coverage.definition import Definition
from fac_core.coverage.fac import coverage
from fac_core.coverage.states import feature_states
from fac_core.errors import ModelMismatch
from tests.runs import make_run


@pytest.fixture
def anchor(tmp_path):
    return make_run(tmp_path, "anchor", [(0, 0, 2.0), (1, 0, 2.0), (2, 1, 2.0), (4, 1, 0.5)], 2, 6)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path, "run", [(0, 0, 3.0), (1, 0, 1.0), (3, 0, 9.0), (4, 3, 2.0)], 4, 6)


def states(run, anchor, definition):
    return feature_states(run, anchor, definition)["state"].to_pylist()


def test_a_feature_is_covered_weak_uncovered_or_excluded(run, anchor):
    assert states(run, anchor, Definition(delta=1.0)) == [
        "covered",
        "weak",  # exactly δ is not above it
        "uncovered",
        "excluded",  # fires in the run alone
        "excluded",  # below δ in the anchor
        "excluded",  # fires nowhere
    ]


def test_the_states_add_up_to_fac(run, anchor):
    for definition in (Definition(), Definition(delta=1.0), Definition(delta=0.9, exclude_dense_above=0.5)):
        result = coverage(run, anchor, definition)
        found = Counter(states(run, anchor, definition))
        assert found["covered"] == result.numerator
        assert found["weak"] + found["uncovered"] == len(result.missing)
        assert found.total() == 6


def test_shares_are_of_each_run_s_own_samples(run, anchor):
    row = feature_states(run, anchor).to_pylist()[0]
    assert (row["anchor_share"], row["run_share"], row["run_max"]) == (0.5, 0.25, 3.0)


def test_runs_of_two_spaces_are_refused(tmp_path, anchor):
    other = make_run(tmp_path, "other", [(0, 0, 1.0)], 1, 6, "another space")
    with pytest.raises(ModelMismatch):
        feature_states(other, anchor)
