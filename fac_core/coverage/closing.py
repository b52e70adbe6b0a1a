"""Real texts before synthetic ones: which gaps of a run the samples of other runs would close, and with how few."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from fac_core.coverage.active import AnchorFeatures, anchor_features, check_same_space
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.orders import active_pairs
from fac_core.coverage.subset import by_sample, covered_along, greedy_order
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class Closing:
    """What the samples of some runs, added to a run, would close of its gaps."""

    sources: tuple[str, ...]
    """Names of the runs that the samples are from."""
    n_gaps: int
    closed: tuple[int, ...]
    """Gaps that enough samples fire, ascending."""
    samples: tuple[tuple[str, int], ...]
    """Run and sample id of texts that close them all, in greedy order: the first close most."""
    n_for_90: int
    """Of these, how many close 90 % of what can be closed."""


def closing(
    run: RunFile,
    sources: Sequence[RunFile],
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
) -> tuple[Closing, ...]:
    """For each source, and last for all together (where there are several), the gaps it could close.

    A gap in which the run already has some active samples needs only the rest of `min_count`. Texts are chosen
    greedily (`subset.py`), so fewer might do, but not many fewer.

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does.
    """
    check_same_space(run, anchor)
    for source in sources:
        check_same_space(source, anchor)
    features = anchor_features(anchor, definition, relevant)
    needed = _needed(run, features, definition.min_count)
    gaps = np.flatnonzero(needed)
    found = [_active_in(source, replace(features, can_occur=needed > 0)) for source in sources]
    groups = [[i] for i in range(len(sources))] + ([list(range(len(sources)))] if len(sources) > 1 else [])
    return tuple(
        _closing([sources[i] for i in group], [found[i] for i in group], gaps, needed[gaps]) for group in groups
    )


def _needed(run: RunFile, features: AnchorFeatures, min_count: int) -> np.ndarray:
    """int64 `[d_sae]`: active samples that each feature of F(P) still needs; 0 for covered and excluded ones."""
    pairs = active_pairs(run, features, 1)
    counts = np.zeros(len(features.can_occur), dtype=np.int64)
    counts[pairs.features] = pairs.sizes
    return np.where(features.can_occur, np.maximum(0, min_count - counts), 0)


def _active_in(source: RunFile, gaps: AnchorFeatures) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Sample ids, and which of them fire which gap: bool `[samples, gaps]`."""
    pairs = active_pairs(source, gaps, 1)
    columns = np.searchsorted(np.flatnonzero(gaps.can_occur), pairs.features)
    found = by_sample(pairs).tocoo()
    shape = (pairs.n_samples, int(gaps.can_occur.sum()))
    return pairs.sample_ids, sparse.csr_matrix((found.data, (found.row, columns[found.col])), shape=shape)


def _closing(
    sources: Sequence[RunFile],
    found: Sequence[tuple[np.ndarray, sparse.csr_matrix]],
    gaps: np.ndarray,
    needed: np.ndarray,
) -> Closing:
    active = sparse.csr_matrix(sparse.vstack([matrix for _, matrix in found]))
    owners = [(run.info.name, sample) for run, (ids, _) in zip(sources, found, strict=True) for sample in ids.tolist()]
    can_close = needed <= np.bincount(active.indices, minlength=len(gaps))
    # Texts for a gap that too few can fire would be for nothing.
    worth = np.where(can_close, needed, 0)
    order = greedy_order(active, worth)
    n_closed = covered_along(active, worth, order)
    n_for_90 = int(np.searchsorted(n_closed, 0.9 * can_close.sum())) + 1 if len(order) else 0
    return Closing(
        sources=tuple(run.info.name for run in sources),
        n_gaps=len(gaps),
        closed=tuple(gaps[can_close].tolist()),
        samples=tuple(owners[i] for i in order.tolist()),
        n_for_90=n_for_90,
    )
