"""The statistic finds what goes with a label, and is not taken in by length."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fac_core.errors import WrongUse
from fac_core.relevance.statistic import (
    Cases,
    against_background,
    association,
    by_label,
    length_strata,
)
from tests.runs import make_run

N = 3000


@pytest.fixture
def cases() -> Cases:
    """Positive samples are longer. Feature 0 follows length alone, 1 the label alone, 2 neither, 3 never fires."""
    rng = np.random.default_rng(0)
    n_tokens = rng.integers(5, 400, N)
    positive = rng.random(N) < n_tokens / 800
    fires = np.zeros((N, 4), dtype=bool)
    fires[:, 0] = rng.random(N) < n_tokens / 400
    fires[:, 1] = rng.random(N) < np.where(positive, 0.4, 0.1)
    fires[:, 2] = rng.random(N) < 0.3
    return Cases(sparse.csc_matrix(fires), positive, n_tokens)


def column(table, name):
    return np.array(table[name].to_pylist())


def test_a_feature_that_only_follows_length_is_significant_until_length_is_held_fixed(cases):
    assert column(association(cases, n_strata=1), "q")[0] < 1e-6
    assert column(association(cases, n_strata=20), "q")[0] > 0.05


def test_a_feature_that_follows_the_label_is_found_with_its_odds_ratio(cases):
    found = association(cases)
    assert column(found, "level")[1] == "yes"
    true = (0.4 / 0.6) / (0.1 / 0.9)
    assert column(found, "low")[1] < true < column(found, "high")[1]
    assert column(found, "level").tolist()[2:] == ["no", "no"]
    assert column(found, "q")[3] == 1.0


def test_one_stratum_is_the_plain_odds_ratio():
    active = np.repeat([True, False, True, False], [30, 10, 20, 40])
    positive = np.repeat([True, True, False, False], [30, 10, 20, 40])
    found = association(Cases(sparse.csc_matrix(active[:, None]), positive, np.ones(100)), n_strata=1)
    expected = (30.5 * 40.5) / (10.5 * 20.5)  # with the half that keeps empty cells finite
    assert column(found, "odds_ratio")[0] == pytest.approx(expected)
    error = np.sqrt(1 / 30.5 + 1 / 40.5 + 1 / 10.5 + 1 / 20.5)  # in one stratum RBG is Woolf's
    assert column(found, "high")[0] == pytest.approx(expected * np.exp(1.96 * error))


def test_a_feature_without_counterexamples_has_a_finite_ratio():
    active = np.arange(100) < 20
    found = association(Cases(sparse.csc_matrix(active[:, None]), active | (np.arange(100) < 50), np.ones(100)))
    assert np.isfinite(column(found, "odds_ratio")[0])
    assert column(found, "n_negative")[0] == 0


def test_under_the_null_few_features_are_significant():
    rng = np.random.default_rng(1)
    fires = sparse.csc_matrix(rng.random((600, 500)) < 0.2)
    found = association(Cases(fires, rng.random(600) < 0.3, rng.integers(5, 90, 600)))
    assert (column(found, "q") < 0.05).sum() <= 5


def test_one_kind_of_sample_is_refused():
    with pytest.raises(WrongUse, match="all are of one kind"):
        association(Cases(sparse.csc_matrix((3, 2), dtype=bool), np.ones(3, bool), np.ones(3)))


def test_lengths_at_which_all_samples_are_of_one_kind_say_nothing(cases):
    longer = Cases(
        sparse.csc_matrix(sparse.vstack([cases.active, np.zeros((N, 4), dtype=bool)])),
        np.concatenate([cases.positive, np.zeros(N, dtype=bool)]),
        np.concatenate([cases.n_tokens, np.full(N, 1000)]),
    )
    assert column(association(longer, n_strata=4), "odds_ratio") == pytest.approx(
        column(association(cases, n_strata=2), "odds_ratio")
    )


def test_without_like_lengths_length_cannot_be_held_fixed():
    positive = np.arange(40) < 20
    apart = Cases(sparse.csc_matrix((40, 2), dtype=bool), positive, np.where(positive, 100, 5))
    with pytest.raises(WrongUse, match="never have like lengths"):
        association(apart)
    assert column(association(apart, n_strata=1), "level").tolist() == ["no", "no"]


def test_equal_lengths_share_a_stratum():
    strata = length_strata(np.array([1, 1, 1, 5, 9]), 4)
    assert len(set(strata[:3].tolist())) == 1
    assert strata[3] <= strata[4]


def test_a_label_is_read_from_the_metadata_of_a_run(tmp_path):
    run = make_run(tmp_path, "run", [(0, 0, 1.0)], 2, 3)
    with pytest.raises(WrongUse, match="No sample of"):
        by_label(run, "label", "1")


def test_an_anchor_is_set_against_a_background(tmp_path):
    anchor = make_run(tmp_path, "anchor", [(0, s, 2.0) for s in range(30)], 30, 2)
    background = make_run(tmp_path, "background", [(1, s, 2.0) for s in range(40)], 40, 2)
    cases = against_background(anchor, background)
    assert cases.positive.tolist() == [True] * 30 + [False] * 40
    found = association(cases)
    assert column(found, "level").tolist() == ["yes", "no"]
    high = against_background(anchor, background, thresholds=np.array([2.0, 2.0], dtype=np.float32))
    assert high.active.nnz == 0
