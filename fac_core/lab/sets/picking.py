"""Ways of adding real texts to a seed: by chance, by spread, by coverage, for features, by likeness to the anchor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.lab.sets.likeness import POWER, by_mean, mean_of, nearest
from fac_core.lab.sets.pickers import by_coverage, by_features, by_spread, shortfall
from fac_core.lab.sets.pool import Pool
from fac_core.lab.sets.variants import Variant, Yardstick


@dataclass(frozen=True)
class Round:
    """One label of one draw of the seed, and what may be added to it."""

    pool: Pool
    yardstick: Yardstick
    variant: Variant
    seed: np.ndarray
    """Rows of both labels."""
    offered: np.ndarray
    """Rows of this label."""
    label: bool
    n: int
    tokens: float
    """Of a budget of tokens."""
    rng: np.random.Generator

    def counts(self) -> np.ndarray:
        """`[d_sae]`: samples of the seed in which a feature of F(P) is active."""
        return np.asarray(self.yardstick.incidence(self.variant)[self.seed].sum(axis=0)).ravel()

    def gaps(self) -> np.ndarray:
        return np.flatnonzero(self.yardstick.can_occur(self.variant) & (self.counts() < self.variant.min_count))

    @property
    def rows_of_label(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the anchor and of the seed, samples of this label."""
        anchor, seed = (rows[self.pool.positive[rows] == self.label] for rows in (self.yardstick.anchor, self.seed))
        return anchor, seed


def _random(r: Round) -> np.ndarray:
    return r.rng.permutation(len(r.offered))


def _spread(r: Round) -> np.ndarray:
    return _filled(r, by_spread(r.pool.points[r.offered], r.n, rng=r.rng))


def _greedy(r: Round) -> np.ndarray:
    active = r.yardstick.incidence(r.variant)[r.offered]
    return _filled(r, by_coverage(active, 2 * r.n, min_count=r.variant.min_count, counts=r.counts(), rng=r.rng))


def _greedy_per_token(r: Round) -> np.ndarray:
    active = r.yardstick.incidence(r.variant)[r.offered]
    found = by_coverage(
        active, 2 * r.n, min_count=r.variant.min_count, counts=r.counts(), cost=r.pool.n_tokens[r.offered], rng=r.rng
    )
    return _filled(r, found)


def _gap_features(r: Round) -> np.ndarray:
    """For every gap, in random order, the real text that fires it most: what retrieval would do in place of synthesis."""
    return _filled(r, by_features(r.pool.activations[r.offered], r.rng.permutation(r.gaps()), 2 * r.n))


def _random_features(r: Round) -> np.ndarray:
    """The same for as many features of F(P), drawn at random."""
    could = np.flatnonzero(r.yardstick.can_occur(r.variant))
    drawn = r.rng.choice(could, min(len(could), max(1, len(r.gaps()))), replace=False)
    return _filled(r, by_features(r.pool.activations[r.offered], drawn, 2 * r.n))


def _shortfalls(r: Round) -> np.ndarray:
    """The same for features that the seed's samples of a label fire too seldom, the largest shortfall first."""
    anchor, seed = r.rows_of_label
    active = r.yardstick.incidence(r.variant)
    short = shortfall(mean_of(active[anchor]), np.asarray(active[seed].sum(axis=0)).ravel(), len(seed))
    order = np.argsort(-short, kind="stable")
    return _filled(r, by_features(r.pool.activations[r.offered], order[short[order] > 0], 2 * r.n))


def _likest_counts(r: Round) -> np.ndarray:
    """Samples with which features are active as often as in the anchor's of the label; weighted like this it is χ²."""
    return _likest(r, r.yardstick.incidence(r.variant), 1.0)


def _likest_activations(r: Round) -> np.ndarray:
    """The same for mean activations."""
    return _likest(r, r.pool.activations, POWER)


def _likest(r: Round, values: sparse.csr_matrix, power: float) -> np.ndarray:
    anchor, seed = r.rows_of_label
    return _filled(r, nearest(values[r.offered], 2 * r.n, wanted=values[anchor], there=values[seed], power=power))


def _likest_states(r: Round) -> np.ndarray:
    """The same without a SAE: mean hidden states, each dimension at unit spread."""
    anchor, seed = r.rows_of_label
    spread = np.maximum(r.pool.points[r.yardstick.anchor].std(axis=0), 1e-9)
    points = sparse.csr_matrix(r.pool.points / spread)
    alike = np.ones(len(spread))
    found = by_mean(points[r.offered], 2 * r.n, mean=mean_of(points[anchor]), there=points[seed], weight=alike)
    return _filled(r, found)


def _filled(r: Round, picked: np.ndarray) -> np.ndarray:
    """The rest in random order, for budgets that what was picked does not use up."""
    return np.concatenate([picked, r.rng.permutation(np.setdiff1d(np.arange(len(r.offered)), picked))])


METHODS: dict[str, Callable[[Round], np.ndarray]] = {
    "random real": _random,
    "spread real": _spread,
    "greedy FAC": _greedy,
    "greedy FAC per token": _greedy_per_token,
    "texts of gaps": _gap_features,
    "texts of random features": _random_features,
    "texts of shortfalls": _shortfalls,
    "likest counts": _likest_counts,
    "likest states": _likest_states,
    "likest activations": _likest_activations,
}
"""Method -> positions among the offered rows, best first."""
