"""Seeds that methods add to: drawn at random, or with a hole, which is a topic of the pool that they lack altogether.

A random seed lacks what is rare, and so does every other draw. A seed with a hole lacks something that is common, as data
does that came from one place: what coverage is meant to find.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans

from fac_core.diversity.vectors import unit
from fac_core.errors import WrongUse
from fac_core.lab.sets.pool import Pool, Split

N_TOPICS = 8
HOLES = (0.1, 0.4)
"""A topic can be the hole if it holds a share of the positive texts within these bounds."""


@dataclass(frozen=True)
class Seed:
    """Rows of a pool."""

    rows: np.ndarray
    hole: np.ndarray
    """Of the whole pool, also of its test part: rows of the topic that is lacking; none of a random seed."""


class Seeds:
    """Draws seeds. The draw with number i is that of a fresh generator with seed i, wherever it is drawn.

    Args:
        n_seed: positive and negative texts.
        hole: draw seeds with a hole.

    Raises `WrongUse` if no topic can be a hole.
    """

    def __init__(self, pool: Pool, parts: Split, n_seed: tuple[int, int], *, hole: bool = False) -> None:
        self.by_label = [pool.of(label, parts.train) for label in (True, False)]
        """Rows that are drawn from: positive ones, negative ones."""
        self._n = n_seed
        self._holes = _holes(pool, parts) if hole else []

    def draw(self, rng: np.random.Generator) -> Seed:
        hole = self._holes[int(rng.integers(len(self._holes)))] if self._holes else np.zeros(0, dtype=np.int64)
        rows = [
            rng.choice(np.setdiff1d(mine, hole) if len(hole) else mine, n, replace=False)
            for mine, n in zip(self.by_label, self._n, strict=True)
        ]
        return Seed(np.concatenate(rows), hole)


def _holes(pool: Pool, parts: Split) -> list[np.ndarray]:
    """Rows of each topic that can be a hole. Topics are clusters of direction, since length moves the states' means too."""
    points = unit(pool.points - pool.points[parts.train].mean(axis=0))
    topic = KMeans(N_TOPICS, n_init="auto", random_state=0).fit(points[parts.train]).predict(points)
    of_positives = np.bincount(topic[parts.train][pool.positive[parts.train]], minlength=N_TOPICS)
    share = of_positives / of_positives.sum()
    found = [np.flatnonzero(topic == t) for t in range(N_TOPICS) if HOLES[0] <= share[t] <= HOLES[1]]
    if not found:
        raise WrongUse(
            f"No topic of {pool.name!r} holds between {HOLES[0]:.0%} and {HOLES[1]:.0%} of the positive texts, so no seed "
            "can have a hole."
        )
    return found
