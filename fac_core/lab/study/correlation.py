"""Does a metric of training sets go with how well models do that learn from them? With intervals, and length held fixed.

Sets of one kind are alike, so a bootstrap that drew sets one by one would be too sure: it draws kinds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, rankdata

from fac_core.lab.tasks.result import LEVEL

N_RESAMPLES = 2000


@dataclass(frozen=True)
class Sample:
    """What one set was and did; all arrays have one row a set."""

    metrics: np.ndarray
    """`[sets, metrics]`."""
    score: np.ndarray
    """`[sets]`: of the models that learned from it."""
    controls: np.ndarray
    """`[sets, controls]`: what is held fixed in partial correlations, such as log length."""
    groups: np.ndarray
    """`[sets]`: the kind of each set; the bootstrap draws these."""

    def at(self, rows: np.ndarray) -> Sample:
        return Sample(self.metrics[rows], self.score[rows], self.controls[rows], self.groups[rows])


class Correlations(NamedTuple):
    """`[metrics]` each; not a number for a metric that does not vary."""

    pearson: np.ndarray
    spearman: np.ndarray
    partial: np.ndarray
    """Pearson's, of what a linear fit on the controls leaves of metric and score."""


@dataclass(frozen=True)
class Estimate:
    """Correlations with their intervals."""

    value: Correlations
    low: Correlations
    high: Correlations
    n_sets: int


def correlations(sample: Sample) -> Correlations:
    """All three, for every metric at once."""
    fixed = np.column_stack([np.ones(len(sample.score)), sample.controls])
    left_score, left_metrics = _residual(sample.score[:, None], fixed)[:, 0], _residual(sample.metrics, fixed)
    # What is left of a metric that the controls explain whole is rounding, which correlates with anything.
    left_metrics[:, left_metrics.std(axis=0) < _ROUNDING * sample.metrics.std(axis=0)] = 0
    return Correlations(
        _pearson(sample.metrics, sample.score),
        _pearson(rankdata(sample.metrics, axis=0), rankdata(sample.score)),
        _pearson(left_metrics, left_score),
    )


def estimate(sample: Sample, *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> Estimate:
    """Correlations with percentile intervals of 95 % from a bootstrap over kinds."""
    drawn = np.array(resampled(sample, seed=seed, n_resamples=n_resamples))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a metric that varies in no resample has no interval
        low, high = (Correlations(*ends) for ends in np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0))
    return Estimate(correlations(sample), low, high, len(sample.score))


def resampled(sample: Sample, *, seed: int = 0, n_resamples: int = N_RESAMPLES) -> list[Correlations]:
    """Correlations of samples made of as many kinds, drawn with replacement. The same seed draws the same kinds."""
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(sample.groups == kind) for kind in np.unique(sample.groups)]
    draws = (
        np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]) for _ in range(n_resamples)
    )
    return [correlations(sample.at(rows)) for rows in draws]


def within_groups(sample: Sample) -> np.ndarray:
    """Pearson's of every metric with the score once the mean of each kind is taken off both, `[metrics]`.

    What is left are the draws of a kind: does the set that covers more than others of its kind also teach more?
    """
    _, kind = np.unique(sample.groups, return_inverse=True)
    size = np.bincount(kind)

    def centred(values: np.ndarray) -> np.ndarray:
        means = np.stack([np.bincount(kind, column) / size for column in values.T], axis=1)
        return values - means[kind]

    return _pearson(centred(sample.metrics), centred(sample.score[:, None])[:, 0])


def reliability(one_half: np.ndarray, other_half: np.ndarray) -> float:
    """Of the mean of two parallel scores (Spearman-Brown): the share of its variance between sets that is no noise.

    No metric can be expected to correlate with such a score by more than the root of it.
    """
    r = float(np.corrcoef(one_half, other_half)[0, 1])
    return 2 * r / (1 + r) if r > -1 else float("nan")


def sets_needed(true: float, bar: float = 0.0, *, power: float = 0.8) -> int:
    """Independent sets from which a correlation of `true` is found to be above `bar` with this power, one-sided at 2.5 %.

    By Fisher's z, whose standard error is 1 / √(n - 3). Sets of one kind are not independent: count kinds, to be careful.
    """
    distance = np.arctanh(true) - np.arctanh(bar)
    if distance <= 0:
        raise ValueError(f"A correlation of {true} is never above {bar}.")
    return int(np.ceil(((norm.ppf(0.975) + norm.ppf(power)) / distance) ** 2 + 3))


_ROUNDING = 1e-6


def _residual(values: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    return values - fixed @ np.linalg.lstsq(fixed, values, rcond=None)[0]


def _pearson(metrics: np.ndarray, score: np.ndarray) -> np.ndarray:
    a, b = metrics - metrics.mean(axis=0), score - score.mean()
    spread = np.sqrt((a**2).sum(axis=0) * (b**2).sum())
    varies = spread > _ROUNDING**2 * (np.abs(metrics).max(axis=0) + 1e-300)
    return np.divide((a * b[:, None]).sum(axis=0), spread, out=np.full(len(spread), np.nan), where=varies)
