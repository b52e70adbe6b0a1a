"""Few samples that cover nearly as much as all: lazy greedy selection by marginal coverage.

With `min_count` m a feature is covered from its m-th sample on, and that last step alone is no function greedy search
can follow. What is maximised is the sum over features of min(active samples chosen, m): it is submodular and
monotone, so greedy search comes within 1 - 1/e of the best, and lazy evaluation (Minoux, 1978) chooses exactly what
naive evaluation would. FAC itself is what the curve shows.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.coverage.active import anchor_features, check_same_space
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.orders import ActivePairs, active_pairs
from fac_core.errors import WrongUse
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class Subset:
    """Samples of a run in the order of choice, with the FAC that the first n of them have."""

    run: str
    anchor: str
    sample_ids: tuple[int, ...]
    fac: tuple[float, ...]
    """After each sample."""
    n_tokens: tuple[int, ...]
    """Content tokens up to each sample."""
    full_fac: float
    """Of the whole run."""
    full_n_samples: int
    full_n_tokens: int

    def size_for(self, keep: float) -> int | None:
        """Samples that keep a share of the run's FAC; None if the chosen ones do not reach it."""
        reached = np.flatnonzero(np.array(self.fac) >= keep * self.full_fac - 1e-12)
        return int(reached[0]) + 1 if len(reached) else None


def greedy_subset(
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    keep: float = 1.0,
) -> Subset:
    """Choose samples until they keep a share of the run's FAC.

    Args:
        keep: 0.99 ends at the first sample with which 99 % of the run's covered features are covered.

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does, `WrongUse` for a share outside (0, 1].
    """
    if not 0 < keep <= 1:
        raise WrongUse(f"keep is {keep}; give a share above 0, up to 1, such as 0.99.")
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    pairs = active_pairs(run, features, definition.min_count)
    needed = np.full(pairs.n_covered, definition.min_count, dtype=np.int64)
    active = by_sample(pairs)
    order = greedy_order(active, needed)
    covered = covered_along(active, needed, order)
    n = int(np.searchsorted(covered, keep * pairs.n_covered - 1e-9)) + 1 if len(order) else 0
    denominator = int(features.can_occur.sum())
    return Subset(
        run=run.info.name,
        anchor=anchor.info.name,
        sample_ids=tuple(pairs.sample_ids[order[:n]].tolist()),
        fac=tuple((covered[:n] / denominator).tolist()),
        n_tokens=tuple(np.cumsum(pairs.n_tokens[order[:n]]).tolist()),
        full_fac=pairs.n_covered / denominator,
        full_n_samples=pairs.n_samples,
        full_n_tokens=int(pairs.n_tokens.sum()),
    )


def by_sample(pairs: ActivePairs) -> sparse.csr_matrix:
    """bool `[samples, covered]`: the pairs, a sample's features together."""
    cells = (pairs.sample, np.repeat(np.arange(pairs.n_covered), pairs.sizes))
    shape = (pairs.n_samples, pairs.n_covered)
    return sparse.csr_matrix((np.ones(len(pairs.sample), dtype=bool), cells), shape=shape)


def greedy_order(active: sparse.csr_matrix, needed: np.ndarray) -> np.ndarray:
    """Rows in greedy order until no row adds anything: int64 positions; among equals the first row comes first.

    Args:
        active: bool `[samples, features]`.
        needed: int64 `[features]`: active samples that each feature needs. A row adds the features still in need.
    """
    needed = needed.copy()
    # Each row's gain as last computed; gains only fall, so a refreshed gain that is still on top is the largest.
    heap = [(-int(gain), row) for row, gain in enumerate(active @ (needed > 0).astype(np.int64))]
    heapq.heapify(heap)
    chosen: list[int] = []
    while heap:
        stale, row = heapq.heappop(heap)
        features = active.indices[active.indptr[row] : active.indptr[row + 1]]
        gain = int(np.count_nonzero(needed[features] > 0))
        if gain == 0:
            continue
        if gain == -stale:
            chosen.append(row)
            needed[features] -= 1
        else:
            heapq.heappush(heap, (-gain, row))
    return np.array(chosen, dtype=np.int64)


def covered_along(active: sparse.csr_matrix, needed: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Features whose need is met after each row of an order: int64 `[len(order)]`."""
    needed = needed.copy()
    newly = np.zeros(len(order), dtype=np.int64)
    for i, row in enumerate(order):
        features = active.indices[active.indptr[row] : active.indptr[row + 1]]
        needed[features] -= 1
        newly[i] = np.count_nonzero(needed[features] == 0)
    return np.cumsum(newly)
