"""Correlations are scipy's; what a control explains is gone; kinds, not sets, are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from fac_core.lab.study.correlation import Sample, correlations, estimate, reliability, sets_needed, within_groups


def made(n: int = 60, seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    length = rng.normal(size=n)
    metrics = np.column_stack([length + rng.normal(size=n) * 0.1, rng.normal(size=n), length, np.ones(n)])
    return Sample(metrics, length + metrics[:, 1] + rng.normal(size=n) * 0.1, length[:, None], np.arange(n) // 6)


def test_plain_correlations_are_those_of_scipy():
    sample = made()
    found = correlations(sample)
    for i in range(2):
        assert found.pearson[i] == pytest.approx(pearsonr(sample.metrics[:, i], sample.score)[0])
        assert found.spearman[i] == pytest.approx(spearmanr(sample.metrics[:, i], sample.score)[0])


def test_a_metric_that_only_reads_length_keeps_nothing_once_length_is_held_fixed():
    found = correlations(made(2000))
    assert found.pearson[0] > 0.6
    assert abs(found.partial[0]) < 0.15
    assert found.partial[1] > 0.9


def test_a_metric_that_does_not_vary_or_is_the_control_itself_has_no_correlation():
    found = correlations(made())
    assert np.isnan(found.pearson[3])
    assert np.isnan(found.partial[2])


def test_intervals_hold_the_value_and_widen_when_sets_come_in_fewer_kinds():
    sample = made(60)
    many = estimate(Sample(sample.metrics, sample.score, sample.controls, np.arange(60)), n_resamples=300)
    assert many.low.pearson[1] < many.value.pearson[1] < many.high.pearson[1]
    alike = np.repeat(np.arange(6), 10)
    shifted = Sample(sample.metrics + alike[:, None], sample.score + 2 * (alike % 2), sample.controls, alike)
    by_kind = estimate(shifted, n_resamples=300)
    by_set = estimate(Sample(shifted.metrics, shifted.score, shifted.controls, np.arange(60)), n_resamples=300)
    assert by_kind.high.pearson[1] - by_kind.low.pearson[1] > by_set.high.pearson[1] - by_set.low.pearson[1]


def test_a_noisy_score_is_unreliable():
    rng = np.random.default_rng(0)
    true = rng.normal(size=500)
    halves = [true + rng.normal(size=500) for _ in range(2)]
    assert reliability(*halves) == pytest.approx(2 / 3, abs=0.08)


def test_a_stronger_correlation_needs_fewer_sets_and_none_can_be_above_itself():
    assert sets_needed(0.3) == 85  # the textbook's value
    assert sets_needed(0.8) < sets_needed(0.4)
    with pytest.raises(ValueError, match="never above"):
        sets_needed(0.5, 0.8)


def test_within_groups_only_what_differs_inside_a_kind_counts():
    rng = np.random.default_rng(0)
    kind, inside = np.repeat(np.arange(10), 20), rng.normal(size=200)
    metrics = np.column_stack([kind * 5.0 + rng.normal(size=200), inside])
    sample = Sample(metrics, kind * 5.0 + inside, np.zeros((200, 1)), kind)
    found = within_groups(sample)
    assert abs(found[0]) < 0.2
    assert found[1] == pytest.approx(1)
