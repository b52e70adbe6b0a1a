"""Samples of a run in another order: when does each feature become covered?

FAC of any subset that is a prefix of an order follows from the features' first-cover positions, without counting anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fac_core.coverage.active import AnchorFeatures, active
from fac_core.store.runs.run_file import RunFile

_FEW = 16
"""Counts up to which looking for the smallest again and again is quicker than sorting."""


@dataclass(frozen=True)
class ActivePairs:
    """Who is active where, for the covered features F(run) ∩ F(P). Positions count the run's samples from 0."""

    sample: np.ndarray
    """int64 `[pairs]`: position of the sample; the pairs of one feature lie together."""
    starts: np.ndarray
    """int64 `[covered]`: where each feature's pairs begin."""
    features: np.ndarray
    """uint32 `[covered]`: their ids, ascending."""
    sample_ids: np.ndarray
    """uint32 `[samples]`: the id at each position."""
    n_tokens: np.ndarray
    """int64 `[samples]`: content tokens of each sample."""
    min_count: int
    """Active samples from which a feature is covered; every feature here has as many."""

    @property
    def n_samples(self) -> int:
        return len(self.n_tokens)

    @property
    def n_covered(self) -> int:
        return len(self.starts)

    @property
    def sizes(self) -> np.ndarray:
        """int64 `[covered]`: pairs of each feature."""
        return np.diff(np.append(self.starts, len(self.sample)))


def active_pairs(run: RunFile, features: AnchorFeatures, min_count: int) -> ActivePairs:
    """Read the pairs of a run. Memory: 16 bytes for each pair."""
    covered = np.flatnonzero(features.can_occur & active(run, features.thresholds, min_count)).astype(np.uint32)
    samples = run.query("SELECT sample_id, n_tokens FROM samples ORDER BY sample_id")
    pairs = run.query(
        """
        WITH wanted AS (SELECT unnest(?::UINTEGER[]) AS feature_id, unnest(?::FLOAT[]) AS delta)
        SELECT feature_id, sample_id FROM activations JOIN wanted USING (feature_id) WHERE activation > delta
        ORDER BY feature_id, sample_id
        """,
        [covered, features.thresholds[covered]],
        features=covered,
    )
    return ActivePairs(
        sample=np.searchsorted(samples["sample_id"].to_numpy(), pairs["sample_id"].to_numpy()),
        starts=np.searchsorted(pairs["feature_id"].to_numpy(), covered),
        features=covered,
        sample_ids=samples["sample_id"].to_numpy(),
        n_tokens=samples["n_tokens"].to_numpy().astype(np.int64),
        min_count=min_count,
    )


def first_cover(pairs: ActivePairs, order: np.ndarray) -> np.ndarray:
    """For each covered feature, after how many samples of `order` it is covered: int64 `[covered]`, from 1 on.

    Args:
        order: a permutation of `range(pairs.n_samples)`.
    """
    if not pairs.n_covered:
        return np.zeros(0, dtype=np.int64)
    place = np.empty(pairs.n_samples, dtype=np.int64)
    place[order] = np.arange(1, pairs.n_samples + 1)
    places = place[pairs.sample]
    if pairs.min_count <= _FEW:
        first = np.minimum.reduceat(places, pairs.starts)
        for _ in range(pairs.min_count - 1):  # without the smallest the next is; no place occurs twice in a feature
            places[places == np.repeat(first, pairs.sizes)] = pairs.n_samples + 1
            first = np.minimum.reduceat(places, pairs.starts)
        return first
    # One sort for all features: the feature in the high digits keeps the groups together.
    stride = pairs.n_samples + 1
    keys = np.repeat(np.arange(pairs.n_covered), pairs.sizes) * stride + places
    keys.sort()
    return keys[pairs.starts + pairs.min_count - 1] % stride
