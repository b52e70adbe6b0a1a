"""What single texts would add to a run's coverage, before they are encoded into one.

A text adds one sample to each feature that it fires above δ_i, so FAC of seed + texts follows from counts alone. It is
exact: measured activations are rounded as a run file stores them, and then compared as `active` compares them. It
equals FAC of the run that seed and texts together become, as long as the texts are distinct.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.coverage.active import anchor_features, check_same_space, count_above
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.subset import covered_along, greedy_order
from fac_core.store.measurements import Measurement
from fac_core.store.runs.rounding import stored
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class Counts:
    """How many samples fire each feature above δ_i. Arrays have one entry for each of the d_sae features."""

    samples: np.ndarray
    """int64: samples above δ_i."""
    can_occur: np.ndarray
    """bool: F(P)."""
    thresholds: np.ndarray
    """float32: δ_i."""
    needed: int
    """Samples from which a feature counts (`min_count`)."""

    @property
    def covered(self) -> np.ndarray:
        """bool: F(Q) ∩ F(P)."""
        return self.can_occur & (self.samples >= self.needed)

    @property
    def numerator(self) -> int:
        """|F(Q) ∩ F(P)|."""
        return int(self.covered.sum())

    @property
    def denominator(self) -> int:
        """|F(P)|."""
        return int(self.can_occur.sum())

    @property
    def fac(self) -> float:
        """FAC, from 0 to 1."""
        return self.numerator / self.denominator

    def plus(self, texts: Iterable[np.ndarray]) -> Counts:
        """With texts added, each given by the features that it fires (`fired`)."""
        samples = self.samples.copy()
        for features in texts:
            samples[features] += 1
        return Counts(samples, self.can_occur, self.thresholds, self.needed)


@dataclass(frozen=True)
class Addition:
    """What one more text changes."""

    new: tuple[int, ...]
    """Features that it covers, ascending: they were one sample short."""
    nearer: int
    """Other gaps that it brings a sample nearer to `min_count`."""
    points: float
    """What FAC gains, from 0 to 1."""


def seed_counts(
    seed: RunFile, anchor: RunFile, definition: Definition = PAPER, relevant: Collection[int] | None = None
) -> Counts:
    """What the seed has already. Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does."""
    check_same_space(seed, anchor)
    features = anchor_features(anchor, definition, relevant)
    samples = count_above(seed, features.thresholds)
    return Counts(samples, features.can_occur, features.thresholds, definition.min_count)


def fired(measurements: Mapping[str, Measurement], counts: Counts) -> dict[str, np.ndarray]:
    """By name the features that each text fires above δ_i, ascending."""
    if not measurements:
        return {}
    ids = np.concatenate([one.feature_ids for one in measurements.values()]).astype(np.int64)
    values = stored(np.concatenate([one.activations for one in measurements.values()]))
    ends = np.cumsum([len(one.feature_ids) for one in measurements.values()])[:-1]
    above = values > counts.thresholds[ids]
    parts = zip(np.split(ids, ends), np.split(above, ends), strict=True)
    return dict(zip(measurements, (features[kept] for features, kept in parts), strict=True))


def addition(features: np.ndarray, counts: Counts) -> Addition:
    """What a text that fires `features` adds to what is there."""
    gaps = features[counts.can_occur[features] & (counts.samples[features] < counts.needed)]
    closes = counts.samples[gaps] == counts.needed - 1
    new = tuple(gaps[closes].tolist())
    return Addition(new, len(gaps) - len(new), len(new) / counts.denominator)


def smallest_set(texts: Mapping[str, np.ndarray], counts: Counts, *, share: float = 0.98) -> tuple[str, ...]:
    """A small set of texts that keeps a share of what all together cover anew: greedy, so near the smallest.

    The next text is the one that brings most gaps a sample nearer; of equals the first by name, so the set is stable.

    Args:
        texts: by name the features that a text fires.
    """
    names = sorted(texts)
    sizes = [len(texts[name]) for name in names]
    fired_by = np.concatenate([texts[name] for name in names]) if names else np.zeros(0, np.int64)
    cells = (np.repeat(np.arange(len(names)), sizes), fired_by)
    active = sparse.csr_matrix((np.ones(len(fired_by), dtype=bool), cells), shape=(len(names), len(counts.samples)))
    in_need = np.where(counts.can_occur, (counts.needed - counts.samples).clip(min=0), 0)
    order = greedy_order(active, in_need)
    covered = covered_along(active, in_need, order)
    wanted = math.ceil(share * covered[-1]) if len(order) else 0
    n = int(np.searchsorted(covered, wanted)) + 1 if wanted else 0
    return tuple(names[i] for i in order[:n])
