"""Two datasets in one space: which features both cover, which only one of them, and how sure the counts are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from fac_core.coverage.active import AnchorFeatures, anchor_features, check_same_space, ids
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.interval import resampled_cover
from fac_core.coverage.orders import active_pairs
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class Part:
    """The features of F(P) that are covered in one way."""

    features: tuple[int, ...]
    """Ascending."""
    low: int
    """Lower end of the bootstrap interval of the count."""
    high: int

    @property
    def n(self) -> int:
        return len(self.features)


@dataclass(frozen=True)
class Overlap:
    """F(P), divided by who covers it; the four parts sum to it."""

    run_a: str
    run_b: str
    anchor: str
    both: Part
    only_a: Part
    only_b: Part
    neither: Part
    n_features: int
    """|F(P)|."""
    level: float
    """Of the intervals."""
    n_samples: tuple[int, int]
    """Of A and B: the larger set covers more for its size alone."""
    n_tokens: tuple[int, int]


def overlap(
    a: RunFile,
    b: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    level: float = 0.9,
    n_resamples: int = 200,
    seed: int = 0,
) -> Overlap:
    """Divide F(P) by whether A, B, both or neither covers a feature.

    Intervals resample the samples of A and B, each for itself, and are re-centred as those of FAC are
    (`bootstrap_interval`): they say how much the counts would scatter with other samples of the same sources.

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does, `WrongUse` for a level outside (0, 1) or no resample.
    """
    if not 0 < level < 1 or n_resamples < 1:
        raise WrongUse(f"level is {level} and n_resamples {n_resamples}; give a share between 0 and 1, and at least 1.")
    check_same_space(a, anchor)
    check_same_space(b, anchor)
    features = anchor_features(anchor, definition, relevant)
    rng = np.random.default_rng(seed)
    in_a, drawn_a = _covered(a, features, definition.min_count, n_resamples, rng)
    in_b, drawn_b = _covered(b, features, definition.min_count, n_resamples, rng)
    possible = features.can_occur

    def part(here: np.ndarray, drawn: np.ndarray) -> Part:
        counts, n = drawn[:, possible].sum(axis=1), int((here & possible).sum())
        low, high = np.quantile(counts, [(1 - level) / 2, (1 + level) / 2]) + (n - counts.mean())
        ends = np.clip([min(low, n), max(high, n)], 0, possible.sum())
        return Part(ids(here & possible), int(np.floor(ends[0])), int(np.ceil(ends[1])))

    return Overlap(
        run_a=a.info.name,
        run_b=b.info.name,
        anchor=anchor.info.name,
        both=part(in_a & in_b, drawn_a & drawn_b),
        only_a=part(in_a & ~in_b, drawn_a & ~drawn_b),
        only_b=part(~in_a & in_b, ~drawn_a & drawn_b),
        neither=part(~in_a & ~in_b, ~drawn_a & ~drawn_b),
        n_features=int(possible.sum()),
        level=level,
        n_samples=(a.info.n_samples, b.info.n_samples),
        n_tokens=(a.info.n_tokens, b.info.n_tokens),
    )


def _covered(
    run: RunFile, features: AnchorFeatures, min_count: int, n_resamples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Covered features of F(P), bool `[d_sae]`, and those of each resample, bool `[n_resamples, d_sae]`."""
    pairs = active_pairs(run, features, min_count)
    covered = np.zeros(len(features.can_occur), dtype=bool)
    covered[pairs.features] = True
    drawn = np.zeros((n_resamples, len(covered)), dtype=bool)
    drawn[:, pairs.features] = resampled_cover(pairs, n_resamples, rng)
    return covered, drawn
