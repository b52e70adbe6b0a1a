"""Ways of adding real texts to a seed: by chance, by spread, by coverage, for features, by likeness to the anchor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.coverage.definition import Definition
from fac_core.coverage.effect import Counts
from fac_core.lab.sets.likeness import POWER, by_mean, mean_of, nearest
from fac_core.lab.sets.pickers import by_coverage, by_features, by_spread, shortfall
from fac_core.lab.sets.pool import Pool
from fac_core.lab.sets.variants import Yardstick


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

    def counts(self) -> Counts:
        """What the seed has of each feature."""
        return self.yardstick.counts(self.seed, self.definition)

    def gaps(self) -> np.ndarray:
        """Ids of the features of F(P) that the seed lacks."""
        return gaps_of(self.counts())

    def active(self) -> sparse.csr_matrix:
        """int `[offered, d_sae]`: which features of F(P) the offered rows fire."""
        return self.yardstick.incidence(self.definition)[self.rows]

    @property
    def rows_of_label(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the anchor and of the seed, samples of this label."""
        anchor, seed = (rows[self.pool.positive[rows] == self.label] for rows in (self.yardstick.anchor, self.seed))
        return anchor, seed


def _random(offer: Offer) -> np.ndarray:
    return offer.rng.permutation(len(offer.rows))


def _spread(offer: Offer) -> np.ndarray:
    return _filled(offer, by_spread(offer.pool.points[offer.rows], offer.n, rng=offer.rng))


def _greedy(offer: Offer) -> np.ndarray:
    return _by_coverage(offer)


def _greedy_per_token(offer: Offer) -> np.ndarray:
    return _by_coverage(offer, cost=offer.pool.n_tokens[offer.rows])


def _by_coverage(offer: Offer, cost: np.ndarray | None = None) -> np.ndarray:
    there, least = offer.counts().samples, offer.definition.min_count
    return _filled(
        offer, by_coverage(offer.active(), 2 * offer.n, min_count=least, counts=there, cost=cost, rng=offer.rng)
    )


def _gap_features(offer: Offer) -> np.ndarray:
    """For every gap, in random order, the real text that fires it most: what retrieval would do in place of synthesis."""
    return _filled(
        offer, by_features(offer.pool.activations[offer.rows], offer.rng.permutation(offer.gaps()), 2 * offer.n)
    )


def _random_features(offer: Offer) -> np.ndarray:
    """The same for as many features of F(P), drawn at random."""
    could = np.flatnonzero(offer.counts().can_occur)
    drawn = offer.rng.choice(could, min(len(could), max(1, len(offer.gaps()))), replace=False)
    return _filled(offer, by_features(offer.pool.activations[offer.rows], drawn, 2 * offer.n))


def _shortfalls(offer: Offer) -> np.ndarray:
    """The same for features that the seed's samples of a label fire too seldom, the largest shortfall first."""
    anchor, seed = offer.rows_of_label
    active = offer.yardstick.incidence(offer.definition)
    short = shortfall(mean_of(active[anchor]), np.asarray(active[seed].sum(axis=0)).ravel(), len(seed))
    order = np.argsort(-short, kind="stable")
    return _filled(offer, by_features(offer.pool.activations[offer.rows], order[short[order] > 0], 2 * offer.n))


def _likest_counts(offer: Offer) -> np.ndarray:
    """Samples with which features are active as often as in the anchor's of the label; weighted like this it is χ²."""
    return _likest(offer, offer.yardstick.incidence(offer.definition), 1.0)


def _likest_activations(offer: Offer) -> np.ndarray:
    """The same for mean activations."""
    return _likest(offer, offer.pool.activations, POWER)


def _likest(offer: Offer, values: sparse.csr_matrix, power: float) -> np.ndarray:
    anchor, seed = offer.rows_of_label
    return _filled(
        offer, nearest(values[offer.rows], 2 * offer.n, wanted=values[anchor], there=values[seed], power=power)
    )


def _likest_states(offer: Offer) -> np.ndarray:
    """The same without a SAE: mean hidden states, each dimension at unit spread."""
    anchor, seed = offer.rows_of_label
    spread = np.maximum(offer.pool.points[offer.yardstick.anchor].std(axis=0), 1e-9)
    points = sparse.csr_matrix(offer.pool.points / spread)
    alike = np.ones(len(spread))
    found = by_mean(points[offer.rows], 2 * offer.n, mean=mean_of(points[anchor]), there=points[seed], weight=alike)
    return _filled(offer, found)


def _filled(offer: Offer, picked: np.ndarray) -> np.ndarray:
    """The rest in random order, for budgets that what was picked does not use up."""
    return np.concatenate([picked, offer.rng.permutation(np.setdiff1d(np.arange(len(offer.rows)), picked))])


def gaps_of(counts: Counts) -> np.ndarray:
    """Ids of the features of F(P) that are active in too few samples."""
    return np.flatnonzero(counts.can_occur & ~counts.covered)


METHODS: dict[str, Callable[[Offer], np.ndarray]] = {
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
"""Method -> positions among the rows of the offer, best first."""
