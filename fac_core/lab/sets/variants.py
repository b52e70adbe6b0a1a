"""FAC of any rows of a pool under many definitions, from one table of activations.

The core counts whole run files; training sets are rows of one, or of two side by side, so what it defines is counted here
in memory (tests/lab/test_same_fac.py holds both against each other). All definitions of a quantile share one incidence
matrix: a hundred variants of a set cost as many additions as it has activations, ten times over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal, NamedTuple, cast, get_args

import numpy as np
from scipy import sparse

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.coverage.effect import Counts
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
    """A definition of coverage, and what it may be changed by."""

    definition: Definition = PAPER
    """Its exclusions are not looked at: a pool does not know which features mark the first token."""
    scope: Scope = "all"
    """`positives`: both anchor and set are cut to their positive samples."""
    correction: Correction = "none"
    """`relevant`: features that go with the label in the anchor, length held fixed; `frequency`: each feature weighs as
    much as it is frequent in the anchor; `rarefied`: expected FAC of as many tokens as the shortest set has."""

    @property
    def name(self) -> str:
        parts = [threshold_name(self.definition.quantile), f"m{self.definition.min_count}", self.scope]
        return " ".join(["FAC", *parts, *([] if self.correction == "none" else [self.correction])])


def threshold_name(quantile: float | None) -> str:
    """What δ is called in the columns of a study.

    >>> threshold_name(None), threshold_name(0.75)
    ('δ=0', 'q75')
    """
    return "δ=0" if quantile is None else f"q{100 * quantile:.0f}"


_EVERY = tuple(
    Variant(Definition(quantile=quantile, min_count=min_count), scope, correction)
    for quantile, min_count, scope, correction in product(QUANTILES, MIN_COUNTS, get_args(Scope), get_args(Correction))
)


def variants(pool: Pool) -> tuple[Variant, ...]:
    """Every variant that makes sense for the pool: pairs have no positives to set apart, and no label to go with."""
    labels = pool.task == "toxicity"
    return tuple(one for one in _EVERY if labels or (one.scope == "all" and one.correction != "relevant"))


def carried(name: str, pool: Pool) -> str:
    """The variant of this name where the pool has it; for pairs, its definition over all texts without a correction."""
    chosen = next(one for one in _EVERY if one.name == name)
    return name if chosen in variants(pool) else Variant(chosen.definition).name


def in_scope(pool: Pool, rows: np.ndarray, scope: Scope) -> np.ndarray:
    """Of some rows, those that a scope looks at."""
    return rows if scope == "all" else pool.of(True, rows)


class Yardstick:
    """Measures sets of rows of a pool against an anchor, which is rows of the same pool."""

    def __init__(self, pool: Pool, anchor: np.ndarray) -> None:
        self.pool, self.anchor = pool, anchor
        self._tables: dict[tuple[float, float | None, Scope], _Table] = {}

    def fac(
        self, rows: np.ndarray, chosen: Sequence[Variant], *, budget: Mapping[Scope, int], seed: int = 0
    ) -> np.ndarray:
        """FAC of a set under each variant, `[variants]`; not a number where nothing can occur.

        Args:
            rows: of the pool.
            budget: tokens that a rarefied set may have, by scope.
            seed: decides the orders of rarefaction.
        """
        counted: dict[tuple[float, float | None, Scope, bool], np.ndarray] = {}
        values = np.full(len(chosen), np.nan)
        for i, variant in enumerate(chosen):
            rarefied = variant.correction == "rarefied"
            key = (variant.definition.delta, variant.definition.quantile, variant.scope, rarefied)
            if key not in counted:
                parts = [in_scope(self.pool, rows, variant.scope)]
                if rarefied:
                    parts = self._rarefied(parts[0], budget[variant.scope], seed)
                active = self._table(variant.definition, variant.scope).active
                counted[key] = np.stack([active_of(active, part) for part in parts])
            weights = self._weights(variant)
            if weights.any():
                values[i] = (counted[key] >= variant.definition.min_count).mean(axis=0) @ weights / weights.sum()
        return values

    def counts(self, rows: np.ndarray, definition: Definition) -> Counts:
        """How many of these samples fire each feature, and which features F(P) has. Raises `EmptyAnchor`."""
        table = self._table(definition)
        return Counts(active_of(table.active, rows), self._can_occur(definition), table.delta, definition.min_count)

    def overlap(self, rows: np.ndarray, quantile: float | None, scope: Scope) -> float:
        """Σ min(q_i, p_i) / Σ max(q_i, p_i), with the shares of samples of set and anchor in which each feature is active.

        Unlike FAC it falls when the set has a feature more often than the anchor: it asks for likeness, not for breadth.
        """
        table, part = self._table(Definition(quantile=quantile), scope), in_scope(self.pool, rows, scope)
        q = active_of(table.active, part) / max(1, len(part))
        p = table.in_anchor / max(1, len(in_scope(self.pool, self.anchor, scope)))
        return float(np.minimum(q, p).sum() / max(np.maximum(q, p).sum(), 1e-12))

    def discrepancy(self, rows: np.ndarray, quantile: float | None) -> float:
        """How unlike the anchor's the frequencies of features are, label by label: mean χ² a feature, Σ (c - n·p)² / n·p.

        About 1 for a random sample of what the anchor is a sample of; more for a set that has features too seldom or too
        often. Sets of other sizes do not compare.
        """
        active = self._table(Definition(quantile=quantile)).active
        found: list[float] = []
        for label in np.unique(self.pool.positive[rows]):
            mine, theirs = (self.pool.of(label, part) for part in (rows, self.anchor))
            expected = len(mine) * active_of(active, theirs) / max(1, len(theirs))
            some = expected > 0
            found.append(float(((active_of(active, mine) - expected)[some] ** 2 / expected[some]).mean()))
        return float(np.mean(found))

    def incidence(self, definition: Definition) -> sparse.csr_matrix:
        """int `[rows, d_sae]`, 1 where a feature of F(P) is active in a row of the pool. Raises `EmptyAnchor`."""
        wanted = self._can_occur(definition)[None, :].astype(np.int32)
        return self._table(definition).active.multiply(wanted).tocsr()

    @cached_property
    def relevant(self) -> np.ndarray:
        """bool `[d_sae]`: features that go with the positive samples of the anchor, at their calibrated thresholds."""
        here = sparse.csc_matrix(self._table(CALIBRATED).active[self.anchor].astype(bool))
        found = association(Cases(here, self.pool.positive[self.anchor], self.pool.n_tokens[self.anchor]))
        levels = np.array(found["level"].to_pylist())
        return (levels != "no") & (found["odds_ratio"].to_numpy() > 1)

    def _can_occur(self, definition: Definition) -> np.ndarray:
        found = self._table(definition).in_anchor >= definition.min_count
        if not found.any():
            name = Variant(definition).name
            raise EmptyAnchor(f"Under {name} no feature of the anchor of {self.pool.name!r} can occur.")
        return found

    def _weights(self, variant: Variant) -> np.ndarray:
        in_anchor = self._table(variant.definition, variant.scope).in_anchor
        wanted = in_anchor >= variant.definition.min_count
        if variant.correction == "relevant":
            wanted = wanted & self.relevant
        return wanted * in_anchor.astype(np.float64) if variant.correction == "frequency" else wanted.astype(np.float64)

    def _table(self, definition: Definition, scope: Scope = "all") -> _Table:
        key = (definition.delta, definition.quantile, scope)
        if key not in self._tables:
            anchor = in_scope(self.pool, self.anchor, scope)
            delta = thresholds_of(self.pool.activations[anchor], definition)
            active = self.pool.activations.copy()
            active.data = (active.data > delta[active.indices]).astype(np.int32)
            active.eliminate_zeros()
            self._tables[key] = _Table(active, delta, active_of(active, anchor))
        return self._tables[key]

    def _rarefied(self, part: np.ndarray, budget: int, seed: int) -> list[np.ndarray]:
        rng = np.random.default_rng(seed)
        orders = [rng.permutation(part) for _ in range(N_ORDERS)]
        return [
            order[: np.searchsorted(np.cumsum(self.pool.n_tokens[order]), budget, side="right")] for order in orders
        ]


class _Table(NamedTuple):
    active: sparse.csr_matrix
    """int32 `[rows, d_sae]`: 1 above δ."""
    delta: np.ndarray
    """float32 `[d_sae]`."""
    in_anchor: np.ndarray
    """`[d_sae]`: samples of the anchor above δ."""


def thresholds_of(anchor: sparse.csr_matrix, definition: Definition) -> np.ndarray:
    """δ_i, float32 `[d_sae]`: what `coverage.active.thresholds` says of a run file with these activations, `[samples, d_sae]`.

    At the presets to the last bit; at other quantiles a feature in thousands may differ in it, since DuckDB interpolates.
    """
    floor = np.float32(definition.delta)
    delta = np.full(cast(tuple[int, int], anchor.shape)[1], floor)
    if definition.quantile is not None:
        columns = anchor.tocsc()
        for feature in np.flatnonzero(np.diff(columns.indptr)):
            values = columns.data[columns.indptr[feature] : columns.indptr[feature + 1]]
            delta[feature] = max(floor, np.float32(np.quantile(values.astype(np.float64), definition.quantile)))
    return delta


def active_of(active: sparse.csr_matrix, rows: np.ndarray) -> np.ndarray:
    """Active samples of each feature among the rows, `[d_sae]`."""
    return np.asarray(active[rows].sum(axis=0)).ravel()
