"""Mantel-Haenszel over strata equals what statsmodels and scipy say of the same tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from statsmodels.stats.contingency_tables import StratifiedTable

from fac_core.shortfall import strata
from fac_core.shortfall.strata import Tally, length_edges, log_odds, stratum_of, trend


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def tally(active: np.ndarray, of: np.ndarray) -> Tally:
    return Tally(active, active, active, of)


def tables(active, n, other, n_other, feature):
    return [
        np.array([[a[feature], m - a[feature]], [b[feature], k - b[feature]]], dtype=float)
        for a, m, b, k in zip(active, n, other, n_other, strict=True)
    ]


def test_zeros_and_ones_give_the_cochran_mantel_haenszel_statistic_of_statsmodels(rng):
    n, n_other = np.array([40, 60, 30]), np.array([50, 20, 35])
    active, other = rng.integers(10, 20, (3, 4)), rng.integers(2, 20, (3, 4))
    z = strata._z(tally(active, n), tally(other, n_other))
    for feature in range(4):
        expected = StratifiedTable(tables(active, n, other, n_other, feature)).test_null_odds(correction=False)
        assert z[feature] ** 2 == pytest.approx(expected.statistic)


def test_the_log_odds_ratio_and_its_error_are_those_of_statsmodels(rng, monkeypatch):
    monkeypatch.setattr(strata, "CORRECTION", 0.0)
    n, n_other = np.array([40, 60, 30]), np.array([50, 20, 35])
    active, other = rng.integers(10, 20, (3, 4)), rng.integers(2, 20, (3, 4))
    odds, error = log_odds(active, n, other, n_other)
    for feature in range(4):
        expected = StratifiedTable(tables(active, n, other, n_other, feature))
        assert odds[feature] == pytest.approx(expected.logodds_pooled)
        assert error[feature] == pytest.approx(expected.logodds_pooled_se)


def test_ordered_scores_in_one_stratum_give_the_correlation_statistic(rng):
    """Mantel's trend: (N - 1) r² of score and group."""
    scores, group = rng.integers(0, 5, 200), rng.random(200) < 0.4
    part = [
        Tally.of(sparse.csr_matrix(scores[g][:, None].astype(float)), np.zeros(g.sum(), int), 1)
        for g in (group, ~group)
    ]
    r = np.corrcoef(scores, group)[0, 1]
    assert trend(*part)[0] == pytest.approx(np.sqrt(199) * r)


def test_a_difference_that_length_alone_makes_is_none(rng):
    """Longer texts fire the feature more, and the anchor's are longer."""
    tokens = [rng.integers(50, 400, 1500), rng.integers(5, 200, 1500)]
    edges = length_edges(np.concatenate(tokens), 12)
    parts = [
        Tally.of(
            sparse.csr_matrix((rng.random(1500) < t / 400)[:, None].astype(float)), stratum_of(t, edges), len(edges) + 1
        )
        for t in tokens
    ]
    assert abs(strata._z(*(part.pooled for part in parts))[0]) > 10
    assert abs(trend(*parts)[0]) < 3.5


def test_what_holds_at_equal_length_only_does_not_hold():
    """In each stratum the anchor has more, in all it has less."""
    anchor, data = (
        tally(np.array([[90], [5]]), np.array([100, 900])),
        tally(np.array([[700], [0]]), np.array([900, 100])),
    )
    assert strata._z(anchor, data)[0] > 2.9
    assert trend(anchor, data)[0] == 0


def test_a_stratum_of_one_kind_compares_nothing():
    both = tally(np.array([[15], [9]]), np.array([20, 9])), tally(np.array([[5], [0]]), np.array([20, 0]))
    alone = tally(np.array([[15]]), np.array([20])), tally(np.array([[5]]), np.array([20]))
    assert strata._z(*both) == pytest.approx(strata._z(*alone))
    assert log_odds(both[0].above, both[0].sizes, both[1].above, both[1].sizes)[0] == pytest.approx(
        log_odds(alone[0].above, alone[0].sizes, alone[1].above, alone[1].sizes)[0]
    )


def test_without_like_lengths_nothing_is_known():
    odds, _ = log_odds(np.array([[5], [0]]), np.array([9, 0]), np.array([[0], [5]]), np.array([0, 9]))
    assert np.isnan(odds[0])
