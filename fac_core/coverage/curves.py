"""FAC as a function: of δ, of the number of samples, of the samples a feature needs, and by cluster of features."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fac_core.coverage.active import anchor_features, check_same_space, strongest
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.fac import Coverage, coverage
from fac_core.coverage.orders import active_pairs, first_cover
from fac_core.errors import EmptyAnchor
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import N_STRONGEST


@dataclass(frozen=True)
class ThresholdPoint:
    """FAC at one δ. Numerator and denominator are both of this δ."""

    delta: float
    fac: float
    numerator: int
    denominator: int


@dataclass(frozen=True)
class GrowthPoint:
    """FAC of the first `n_samples` samples, over random orders."""

    n_samples: int
    mean: float
    low: float
    """5 % of the orders lie below."""
    high: float
    """95 % of the orders lie below."""


@dataclass(frozen=True)
class CountPoint:
    """FAC when a feature needs `min_count` samples, in the anchor as in the run."""

    min_count: int
    fac: float
    numerator: int
    denominator: int


@dataclass(frozen=True)
class ClusterCoverage:
    """FAC within one cluster of features."""

    cluster: int | str | None
    """None gathers the features without a cluster."""
    fac: float
    numerator: int
    denominator: int


def threshold_curve(
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    deltas: Sequence[float] | None = None,
    n_points: int = 41,
) -> tuple[ThresholdPoint, ...]:
    """FAC against a global δ, in ascending δ; `min_count` and the exclusions are those of `definition`.

    Its δ and quantile are not used: δ is what varies here. FAC need not fall with δ, because F(P) shrinks too. A δ at
    which the anchor has no feature left is left out.

    Args:
        deltas: the grid; None means 0 and `n_points - 1` quantiles, over the anchor's features, of the δ at which the
            feature is lost.

    Raises:
        ModelMismatch: the runs are of different feature spaces.
        EmptyAnchor: no δ of the grid leaves a feature in the anchor.
    """
    check_same_space(run, anchor)
    at_zero = anchor_features(anchor, replace(definition, delta=0.0, quantile=None), relevant)
    in_anchor = strongest(anchor, definition.min_count)[at_zero.can_occur]
    in_run = strongest(run, definition.min_count)[at_zero.can_occur]
    if deltas is None:
        # The value at which a feature leaves F(P): its maximum, for min_count 1. So F(P) shrinks in even steps.
        grid = np.append(0.0, np.quantile(in_anchor, np.linspace(0, 1, n_points)[:-1]))
    else:
        # Definition checks each value.
        grid = np.array([replace(definition, delta=d, quantile=None).delta for d in deltas])
    points = []
    for delta in np.unique(grid.astype(np.float32)):
        can_occur = in_anchor > delta
        if can_occur.any():
            numerator, denominator = int((can_occur & (in_run > delta)).sum()), int(can_occur.sum())
            points.append(ThresholdPoint(float(delta), numerator / denominator, numerator, denominator))
    if not points:
        raise EmptyAnchor(f"No feature of {anchor.info.name!r} is active above {grid.min():g}. Give smaller deltas.")
    return tuple(points)


def growth_curve(
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    n_orders: int = 20,
    n_points: int = 50,
    seed: int = 0,
) -> tuple[GrowthPoint, ...]:
    """FAC against the number of samples: mean and 5-95 % band over `n_orders` random orders of the run's samples.

    The denominator is that of the whole anchor; the first point is 0 samples, the last is the run's FAC, exactly.
    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does.
    """
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    pairs = active_pairs(run, features, definition.min_count)
    grid = np.unique(np.linspace(0, pairs.n_samples, n_points).round().astype(np.int64))
    rng = np.random.default_rng(seed)
    covered = np.array(
        [
            np.searchsorted(np.sort(first_cover(pairs, rng.permutation(pairs.n_samples))), grid, side="right")
            for _ in range(n_orders)
        ]
    )
    # Whole numbers are averaged and divided last, so that the last point is the FAC to the last bit.
    band = np.stack([covered.mean(axis=0), *np.quantile(covered, [0.05, 0.95], axis=0)]) / features.can_occur.sum()
    return tuple(GrowthPoint(int(n), *point) for n, point in zip(grid, band.T.tolist(), strict=True))


def count_curve(
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    counts: Sequence[int] = range(1, N_STRONGEST + 1),
) -> tuple[CountPoint, ...]:
    """FAC against `min_count`: how much of the coverage hangs on features that one or two samples fire.

    A count at which the anchor has no feature left ends the curve. The definition's own `min_count` is not used.

    Raises:
        ModelMismatch: the runs are of different feature spaces.
        EmptyAnchor: the first count leaves no feature in the anchor.
    """
    points: list[CountPoint] = []
    for count in counts:
        try:
            c = coverage(run, anchor, replace(definition, min_count=count), relevant)
        except EmptyAnchor:
            if not points:
                raise
            break
        points.append(CountPoint(count, c.fac, c.numerator, c.denominator))
    return tuple(points)


def cluster_coverage(measured: Coverage, clusters: Mapping[int, int | str]) -> tuple[ClusterCoverage, ...]:
    """FAC within each cluster that has a feature in F(P), the least covered first; larger clusters first among equals.

    Args:
        clusters: feature id to cluster. Features that it lacks are gathered under None.
    """
    covered = Counter(clusters.get(feature) for feature in measured.covered)
    missing = Counter(clusters.get(feature) for feature in measured.missing)
    parts = [
        ClusterCoverage(cluster, covered[cluster] / (n := covered[cluster] + missing[cluster]), covered[cluster], n)
        for cluster in covered.keys() | missing.keys()
    ]
    return tuple(sorted(parts, key=lambda part: (part.fac, -part.denominator, str(part.cluster))))


def second_half(points: Sequence[GrowthPoint]) -> float:
    """How much FAC the second half of the samples added, by a growth curve."""
    whole = points[-1]
    half = next((point for point in points if point.n_samples >= whole.n_samples / 2), whole)
    return whole.mean - half.mean
