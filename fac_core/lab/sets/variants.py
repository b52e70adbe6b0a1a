"""FAC of any subset of a pool under many definitions, from one table of activations.

A variant says which of today's choices it changes. All choices of a quantile share one incidence matrix, so a hundred
variants of a set cost as many additions as it has activations, ten times over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal, cast, get_args

import numpy as np
from scipy import sparse

from fac_core.errors import EmptyAnchor
from fac_core.lab.sets.pool import Pool
from fac_core.relevance.statistic import Cases, association

QUANTILES = (None, 0.25, 0.5, 0.75, 0.9, 0.95)
MIN_COUNTS = (1, 2, 3, 5, 10)
N_ORDERS = 8
"""Random orders that a rarefied FAC is averaged over."""

Scope = Literal["all", "positives"]
Correction = Literal["none", "relevant", "frequency", "rarefied"]


@dataclass(frozen=True)
class Variant:
    """One way of counting coverage."""

    quantile: float | None = None
    """δ of each feature, of its non-zero anchor activations; None is δ = 0."""
    min_count: int = 1
    scope: Scope = "all"
    """`positives`: both anchor and set are cut to their positive samples."""
    correction: Correction = "none"
    """`relevant`: features that go with the label in the anchor, length held fixed; `frequency`: each feature weighs as
    much as it is frequent in the anchor; `rarefied`: expected FAC of as many tokens as the shortest set has."""

    @property
    def name(self) -> str:
        parts = [
            self.threshold,
            f"m{self.min_count}",
            self.scope,
            *([] if self.correction == "none" else [self.correction]),
        ]
        return "FAC " + " ".join(parts)

    @property
    def threshold(self) -> str:
        return "δ=0" if self.quantile is None else f"q{100 * self.quantile:.0f}"


PAPER, CALIBRATED = Variant(), Variant(0.75, 3)


_EVERY = tuple(Variant(*choice) for choice in product(QUANTILES, MIN_COUNTS, get_args(Scope), get_args(Correction)))


def variants(pool: Pool) -> tuple[Variant, ...]:
    """Every variant that makes sense for the pool: pairs have no positives to set apart, and no label to go with."""
    labels = pool.task == "toxicity"
    return tuple(one for one in _EVERY if labels or (one.scope == "all" and one.correction != "relevant"))


def carried(name: str, pool: Pool) -> str:
    """The definition of this name where the pool has it; for pairs, its thresholds over all texts without a correction."""
    chosen = next(one for one in _EVERY if one.name == name)
    return name if chosen in variants(pool) else Variant(chosen.quantile, chosen.min_count).name


class Yardstick:
    """Measures sets of rows of a pool against an anchor, which is rows of the same pool."""

    def __init__(self, pool: Pool, anchor: np.ndarray) -> None:
        self.pool, self.anchor = pool, anchor
        self._tables: dict[tuple[float | None, Scope], tuple[sparse.csr_matrix, np.ndarray]] = {}

    def fac(
        self, rows: np.ndarray, chosen: Sequence[Variant], *, budget: Mapping[Scope, int], seed: int = 0
    ) -> np.ndarray:
        """FAC of a set under each variant, `[variants]`; not a number where nothing can occur.

        Args:
            rows: of the pool.
            budget: tokens that a rarefied set may have, by scope.
            seed: decides the orders of rarefaction.
        """
        counted: dict[tuple[float | None, Scope, bool], np.ndarray] = {}
        values = np.full(len(chosen), np.nan)
        for i, variant in enumerate(chosen):
            rarefied = variant.correction == "rarefied"
            key = (variant.quantile, variant.scope, rarefied)
            if key not in counted:
                parts = (
                    self._rarefied(rows, variant.scope, budget[variant.scope], seed)
                    if rarefied
                    else [self._in(rows, variant.scope)]
                )
                active, _ = self._table(variant.quantile, variant.scope)
                counted[key] = np.stack([_counts(active, part) for part in parts])
            weights = self._weights(variant)
            if weights.any():
                values[i] = (counted[key] >= variant.min_count).mean(axis=0) @ weights / weights.sum()
        return values

    def overlap(self, rows: np.ndarray, quantile: float | None, scope: Scope) -> float:
        """Σ min(q_i, p_i) / Σ max(q_i, p_i), with the shares of samples of set and anchor in which each feature is active.

        Unlike FAC it falls when the set has a feature more often than the anchor: it asks for likeness, not for breadth.
        """
        active, in_anchor = self._table(quantile, scope)
        part = self._in(rows, scope)
        q, p = _counts(active, part) / max(1, len(part)), in_anchor / max(1, len(self._in(self.anchor, scope)))
        return float(np.minimum(q, p).sum() / max(np.maximum(q, p).sum(), 1e-12))

    def discrepancy(self, rows: np.ndarray, quantile: float | None) -> float:
        """How unlike the anchor's the frequencies of features are, label by label: mean χ² a feature, Σ (c - n·p)² / n·p.

        About 1 for a random sample of what the anchor is a sample of; more for a set that has features too seldom or too
        often. Sets of other sizes do not compare.
        """
        active, _ = self._table(quantile, "all")
        found: list[float] = []
        for label in np.unique(self.pool.positive[rows]):
            mine, theirs = (part[self.pool.positive[part] == label] for part in (rows, self.anchor))
            expected = len(mine) * _counts(active, theirs) / max(1, len(theirs))
            some = expected > 0
            found.append(float(((_counts(active, mine) - expected)[some] ** 2 / expected[some]).mean()))
        return float(np.mean(found))

    def can_occur(self, variant: Variant) -> np.ndarray:
        """bool `[d_sae]`: F(P)."""
        _, in_anchor = self._table(variant.quantile, variant.scope)
        found = in_anchor >= variant.min_count
        return found & self.relevant if variant.correction == "relevant" else found

    def incidence(self, variant: Variant) -> sparse.csr_matrix:
        """int `[rows, d_sae]`, 1 where a feature of F(P) is active in a row of the pool. Raises `EmptyAnchor`."""
        active, _ = self._table(variant.quantile, variant.scope)
        wanted = self.can_occur(variant)
        if not wanted.any():
            raise EmptyAnchor(f"Under {variant.name} no feature of the anchor of {self.pool.name!r} can occur.")
        return active.multiply(wanted[None, :].astype(np.int32)).tocsr()

    @cached_property
    def relevant(self) -> np.ndarray:
        """bool `[d_sae]`: features that go with the positive samples of the anchor, at their calibrated thresholds."""
        active, _ = self._table(CALIBRATED.quantile, "all")
        here = sparse.csc_matrix(active[self.anchor].astype(bool))
        found = association(Cases(here, self.pool.positive[self.anchor], self.pool.n_tokens[self.anchor]))
        levels = np.array(found["level"].to_pylist())
        return (levels != "no") & (found["odds_ratio"].to_numpy() > 1)

    def _weights(self, variant: Variant) -> np.ndarray:
        wanted = self.can_occur(variant).astype(np.float64)
        if variant.correction != "frequency":
            return wanted
        return wanted * self._table(variant.quantile, variant.scope)[1]

    def _table(self, quantile: float | None, scope: Scope) -> tuple[sparse.csr_matrix, np.ndarray]:
        """Who is active where above the thresholds, and in how many samples of the anchor."""
        if (quantile, scope) not in self._tables:
            anchor = self._in(self.anchor, scope)
            delta = thresholds(self.pool.activations[anchor], quantile)
            values = self.pool.activations
            active = values.copy()
            active.data = (values.data > delta[values.indices]).astype(np.int32)
            active.eliminate_zeros()
            self._tables[quantile, scope] = active, _counts(active, anchor)
        return self._tables[quantile, scope]

    def _in(self, rows: np.ndarray, scope: Scope) -> np.ndarray:
        return rows if scope == "all" else rows[self.pool.positive[rows]]

    def _rarefied(self, rows: np.ndarray, scope: Scope, budget: int, seed: int) -> list[np.ndarray]:
        rng, part = np.random.default_rng(seed), self._in(rows, scope)
        orders = [rng.permutation(part) for _ in range(N_ORDERS)]
        return [
            order[: np.searchsorted(np.cumsum(self.pool.n_tokens[order]), budget, side="right")] for order in orders
        ]


def thresholds(anchor: sparse.csr_matrix, quantile: float | None) -> np.ndarray:
    """δ_i, float32 `[d_sae]`: the quantile of each feature's non-zero anchor activations, linearly interpolated."""
    delta = np.zeros(cast(tuple[int, int], anchor.shape)[1], dtype=np.float32)
    if quantile is None:
        return delta
    columns = anchor.tocsc()
    for feature in np.flatnonzero(np.diff(columns.indptr)):
        values = columns.data[columns.indptr[feature] : columns.indptr[feature + 1]]
        delta[feature] = np.quantile(values.astype(np.float64), quantile)
    return delta


def _counts(active: sparse.csr_matrix, rows: np.ndarray) -> np.ndarray:
    """Active samples of each feature among the rows, `[d_sae]`."""
    return np.asarray(active[rows].sum(axis=0)).ravel()
