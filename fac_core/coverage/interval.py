"""How much FAC would wobble with another draw of samples like these."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from fac_core.coverage.active import anchor_features, check_same_space
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.orders import ActivePairs, active_pairs
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile

_NEGLIGIBLE = 1e-12
"""Features less likely than this to be lost in a resample are taken as kept, and need not be counted in each."""


@dataclass(frozen=True)
class Interval:
    """FAC with a bootstrap interval over the samples of the run."""

    fac: float
    low: float
    high: float
    level: float
    """Share of the resamples between `low` and `high`."""
    n_resamples: int
    resampled_mean: float
    """Mean FAC of the resamples, before re-centring. Below `fac`: a resample repeats samples, so it covers less."""


def bootstrap_interval(
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    level: float = 0.9,
    n_resamples: int = 500,
    seed: int = 0,
) -> Interval:
    """A percentile bootstrap over samples, re-centred on the point estimate and clipped to [0, 1].

    A resample of n samples holds only about 63 % distinct ones, so its FAC is biased downwards and a plain percentile
    interval would lie below the estimate. Only the *spread* of the resamples around their own mean is used: their
    quantiles are moved by `fac - resampled_mean`.

    It means: FAC of another dataset of as many samples from the same source would scatter about so much. It does not
    mean: the source's FAC at more samples (see the growth curve, which still rises), nor uncertainty about the anchor,
    the SAE or the threshold; all of these are held fixed. Samples count as independent; near-duplicates make it too
    narrow.

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does, `WrongUse` for a level outside (0, 1).
    """
    if not 0 < level < 1:
        raise WrongUse(f"level is {level}; give a share between 0 and 1, such as 0.9.")
    if n_resamples < 1:
        raise WrongUse(f"n_resamples is {n_resamples}; at least one is needed.")
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    denominator = int(features.can_occur.sum())
    pairs = active_pairs(run, features, definition.min_count)
    resampled = resampled_cover(pairs, n_resamples, np.random.default_rng(seed)).sum(axis=1) / denominator
    fac, mean = pairs.n_covered / denominator, float(resampled.mean())
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2]) + (fac - mean)
    # A skewed spread can put its mean outside its own quantiles; the interval still is one around the estimate.
    return Interval(
        fac=fac,
        low=float(np.clip(min(low, fac), 0, 1)),
        high=float(np.clip(max(high, fac), 0, 1)),
        level=level,
        n_resamples=n_resamples,
        resampled_mean=mean,
    )


def resampled_cover(pairs: ActivePairs, n_resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Which covered features each resample of the samples covers: bool `[n_resamples, covered]`."""
    kept = np.ones((n_resamples, pairs.n_covered), dtype=bool)
    sizes = pairs.sizes
    doubtful = sizes < _certain_from(pairs.min_count)
    if doubtful.any():
        sample = pairs.sample[np.repeat(doubtful, sizes)]
        starts = np.append(0, np.cumsum(sizes[doubtful]))[:-1]
        for i in range(n_resamples):
            drawn = np.bincount(rng.integers(pairs.n_samples, size=pairs.n_samples), minlength=pairs.n_samples)
            kept[i, doubtful] = np.add.reduceat(drawn[sample], starts) >= pairs.min_count
    return kept


def _certain_from(min_count: int) -> int:
    """Active samples from which a feature is lost in a resample with a probability of less than `_NEGLIGIBLE`.

    The number of drawn active samples is binomial with mean a; its lower tail is at most that of Poisson(a).
    """
    a = min_count
    while sum(math.exp(k * math.log(a) - a - math.lgamma(k + 1)) for k in range(min_count)) >= _NEGLIGIBLE:
        a += 1
    return a
