"""Ways of adding real texts to a seed: by chance, by spread, by coverage, for features, by likeness to the anchor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse

from fac_core.coverage.definition import Definition
from fac_core.coverage.effect import Counts
from fac_core.lab.sets.comparisons import Budget
from fac_core.lab.sets.likeness import POWER, by_mean, mean_of, nearest
from fac_core.lab.sets.pickers import by_coverage, by_features, by_spread, largest, shortfall
from fac_core.lab.sets.pool import Pool
from fac_core.lab.sets.variants import Yardstick, active_of


@dataclass(frozen=True)
class Offer:
    """One label of one draw of the seed, and what may be added to it."""

    pool: Pool
    yardstick: Yardstick
    definition: Definition
    """How coverage is counted."""
    seed: np.ndarray
    """Rows of both labels."""
    rows: np.ndarray
    """Of this label, those that may be added."""
    label: bool
    n: int
    tokens: float
    """What a budget of tokens allows."""
    rng: np.random.Generator

    def order(self, method: str) -> np.ndarray:
        """Rows that may be added, best first; the rest in random order, for budgets that what was picked does not use up."""
        picked = METHODS[method](self)
        rest = self.rng.permutation(np.setdiff1d(np.arange(len(self.rows)), picked))
        return self.rows[np.concatenate([picked, rest])]

    def within(self, order: np.ndarray, n_tokens: np.ndarray, budget: Budget, dose: float) -> np.ndarray:
        """The first of some texts, as many as a share of the budget allows.

        Args:
            order: positions in `n_tokens`, which may be of texts from elsewhere.
        """
        if budget == "samples":
            return order[: round(dose * self.n)]
        n_fitting = int(np.searchsorted(np.cumsum(n_tokens[order]), dose * self.tokens, side="right"))
        return order[: max(1, n_fitting)]

    @property
    def counts(self) -> Counts:
        """What the seed has of each feature."""
        return self.yardstick.counts(self.seed, self.definition)

    def strongest(self, features: np.ndarray) -> np.ndarray:
        """For one feature after the other the text that fires it most."""
        return by_features(self.pool.activations[self.rows], features, 2 * self.n)

    @property
    def rows_of_label(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the anchor and of the seed, samples of this label."""
        return self.pool.of(self.label, self.yardstick.anchor), self.pool.of(self.label, self.seed)


def _random(offer: Offer) -> np.ndarray:
    return offer.rng.permutation(len(offer.rows))


def _spread(offer: Offer) -> np.ndarray:
    return by_spread(offer.pool.points[offer.rows], offer.n, rng=offer.rng)


def _greedy(offer: Offer, *, per_token: bool = False) -> np.ndarray:
    active, there = offer.yardstick.incidence(offer.definition)[offer.rows], offer.counts.samples
    cost = offer.pool.n_tokens[offer.rows] if per_token else None
    least = offer.definition.min_count
    return by_coverage(active, 2 * offer.n, min_count=least, counts=there, cost=cost, rng=offer.rng)


def _gap_features(offer: Offer) -> np.ndarray:
    """For every gap, in random order, the real text that fires it most: what retrieval would do in place of synthesis."""
    return offer.strongest(offer.rng.permutation(gaps_of(offer.counts)))


def _random_features(offer: Offer) -> np.ndarray:
    """The same for as many features of F(P), drawn at random."""
    could, n_gaps = np.flatnonzero(offer.counts.can_occur), len(gaps_of(offer.counts))
    return offer.strongest(offer.rng.choice(could, min(len(could), max(1, n_gaps)), replace=False))


def _shortfalls(offer: Offer) -> np.ndarray:
    """The same for features that the seed's samples of a label fire too seldom, the largest shortfall first."""
    anchor, seed = offer.rows_of_label
    active = offer.yardstick.incidence(offer.definition)
    return offer.strongest(largest(shortfall(mean_of(active[anchor]), active_of(active, seed), len(seed))))


def _likest_counts(offer: Offer) -> np.ndarray:
    """Samples with which features are active as often as in the anchor's of the label; weighted like this it is χ²."""
    return _likest(offer, offer.yardstick.incidence(offer.definition), 1.0)


def _likest_activations(offer: Offer) -> np.ndarray:
    """The same for mean activations."""
    return _likest(offer, offer.pool.activations, POWER)


def _likest(offer: Offer, values: sparse.csr_matrix, power: float) -> np.ndarray:
    anchor, seed = offer.rows_of_label
    return nearest(values[offer.rows], 2 * offer.n, wanted=values[anchor], there=values[seed], power=power)


def _likest_states(offer: Offer) -> np.ndarray:
    """The same without a SAE: mean hidden states, each dimension at unit spread."""
    anchor, seed = offer.rows_of_label
    spread = np.maximum(offer.pool.points[offer.yardstick.anchor].std(axis=0), 1e-9)
    points = sparse.csr_matrix(offer.pool.points / spread)
    alike = np.ones(len(spread))
    return by_mean(points[offer.rows], 2 * offer.n, mean=mean_of(points[anchor]), there=points[seed], weight=alike)


def gaps_of(counts: Counts) -> np.ndarray:
    """Ids of the features of F(P) that are active in too few samples."""
    return np.flatnonzero(counts.can_occur & ~counts.covered)


METHODS: dict[str, Callable[[Offer], np.ndarray]] = {
    "random real": _random,
    "spread real": _spread,
    "greedy FAC": _greedy,
    "greedy FAC per token": partial(_greedy, per_token=True),
    "texts of gaps": _gap_features,
    "texts of random features": _random_features,
    "texts of shortfalls": _shortfalls,
    "likest counts": _likest_counts,
    "likest states": _likest_states,
    "likest activations": _likest_activations,
}
"""Method -> positions among the rows of the offer, best first; they need not be all."""
