"""Training sets of one size and very different coverage: what FAC is held against performance on.

A kind says how a set is drawn; positives and negatives are drawn apart, so every set has as many of each. Draws of a kind
differ by a seed. Some kinds move coverage, some move length and leave coverage alone, some move topics: a metric that
only reads length must not look good.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.cluster import KMeans

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.errors import WrongUse
from fac_core.lab.sets.pickers import by_coverage, by_distance, by_spread
from fac_core.lab.sets.pool import Pool
from fac_core.lab.sets.variants import Yardstick
from fac_core.relevance.statistic import length_strata

_OFFERED = 0.7
"""Share of the rows, drawn at random, that a kind without chance in it may choose from: its draws then differ."""

_TOPICS = 12
_TOPICS_TAKEN = 3


@dataclass(frozen=True)
class TrainingSet:
    """Rows of a pool."""

    kind: str
    draw: int
    rows: np.ndarray

    @property
    def set_id(self) -> str:
        return f"{self.kind} {self.draw}"


@dataclass(frozen=True)
class Ground:
    """What sets are drawn from."""

    pool: Pool
    yardstick: Yardstick
    rows: np.ndarray
    """Of the pool, ascending: those that may be in a training set."""


Kind = Callable[[Ground, np.ndarray, int, np.random.Generator], np.ndarray]
"""`(ground, rows of one label, how many, chance) -> rows`."""


def draw_sets(
    ground: Ground, n_positive: int, n_negative: int, n_draws: int, kinds: Collection[str] = ()
) -> list[TrainingSet]:
    """`n_draws` sets of each kind, or of some kinds. The same arguments give the same sets.

    Raises `WrongUse` for a kind that does not exist, and if the ground has fewer than twice as many rows of a label as a
    set needs.
    """
    if unknown := sorted(set(kinds) - set(_KINDS)):
        raise WrongUse(f"There is no kind of sets {unknown[0]!r}; there are {'; '.join(_KINDS)}.")
    groups = [(ground.pool.of(label, ground.rows), n) for label, n in ((True, n_positive), (False, n_negative))]
    for (rows, n), name in zip(groups, ("positive", "negative"), strict=True):
        if len(rows) < 2 * n:
            raise WrongUse(
                f"Sets of {n} {name} samples need at least {2 * n} to draw from; {ground.pool.name!r} leaves {len(rows)}. "
                f"Lower n_{name}."
            )
    sets: list[TrainingSet] = []
    for number, (kind, by_label) in enumerate(_KINDS.items()):
        if kinds and kind not in kinds:
            continue
        for draw in range(n_draws):
            rng = np.random.default_rng([number, draw])
            parts = [pick(ground, rows, n, rng) for (rows, n), pick in zip(groups, by_label, strict=True) if n]
            sets.append(TrainingSet(kind, draw, np.sort(np.concatenate(parts))))
    return sets


def _random(_ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice(rows, n, replace=False)


def _near(ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator, *, of: float = 1.0) -> np.ndarray:
    """Drawn from the `of` times n most like one row."""
    points = ground.pool.points[rows] - ground.pool.points[ground.rows].mean(axis=0)
    return rng.choice(rows[by_distance(points, int(rng.integers(len(rows))), round(of * n))], n, replace=False)


def _half_near(ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    near = _near(ground, rows, n // 2, rng)
    return np.concatenate([near, _random(ground, np.setdiff1d(rows, near), n - n // 2, rng)])


def _topics(ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """From a few of a dozen clusters, chosen at random; from as many more as are needed to fill the set."""
    topic = KMeans(_TOPICS, n_init="auto", random_state=int(rng.integers(2**31))).fit_predict(ground.pool.points[rows])
    order = rng.permutation(_TOPICS)
    sizes = np.cumsum(np.bincount(topic, minlength=_TOPICS)[order])
    taken = order[: max(_TOPICS_TAKEN, int(np.searchsorted(sizes, n)) + 1)]
    return rng.choice(rows[np.isin(topic, taken)], n, replace=False)


def _of_length(ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator, *, where: float) -> np.ndarray:
    """From the 2n rows around a quantile of length."""
    order = rows[np.argsort(ground.pool.n_tokens[rows], kind="stable")]
    first = int(where * (len(order) - 2 * n))
    return rng.choice(order[first : first + 2 * n], n, replace=False)


def _matched(ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Of both labels as many from each stratum of length: length tells nothing about the label."""
    strata = length_strata(ground.pool.n_tokens[ground.rows], 5)
    mine = strata[np.searchsorted(ground.rows, rows)]
    picked: list[np.ndarray] = []
    for k in np.unique(strata):
        here = rows[mine == k]
        picked.append(rng.choice(here, min(len(here), n // len(np.unique(strata))), replace=False))
    found = np.concatenate(picked)
    return np.concatenate([found, _random(ground, np.setdiff1d(rows, found), n - len(found), rng)])


def _covering(
    ground: Ground,
    rows: np.ndarray,
    n: int,
    rng: np.random.Generator,
    *,
    definition: Definition,
    lowest: bool = False,
    per_token: bool = False,
) -> np.ndarray:
    offered = _offered(rows, n, rng)
    active = ground.yardstick.incidence(definition)[offered]
    cost = ground.pool.n_tokens[offered] if per_token else None
    return offered[by_coverage(active, n, min_count=definition.min_count, cost=cost, lowest=lowest, rng=rng)]


def _spread(ground: Ground, rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    offered = _offered(rows, n, rng)
    return offered[by_spread(ground.pool.points[offered], n, rng=rng)]


def _offered(rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.sort(rng.choice(rows, max(n, round(_OFFERED * len(rows))), replace=False))


def _both(kind: Kind) -> tuple[Kind, Kind]:
    return kind, kind


_KINDS: dict[str, tuple[Kind, Kind]] = {
    "random": (_random, _random),
    "near": (_near, _near),
    "near, looser": (partial(_near, of=1.6), partial(_near, of=2)),
    "near positives": (_near, _random),
    "near negatives": (_random, _near),
    "half near": (_half_near, _half_near),
    "few topics": (_topics, _topics),
    "short": _both(partial(_of_length, where=0.0)),
    "medium": _both(partial(_of_length, where=0.5)),
    "long": _both(partial(_of_length, where=1.0)),
    "length-matched": (_matched, _matched),
    "spread": (_spread, _spread),
    "greedy paper": _both(partial(_covering, definition=PAPER)),
    "greedy calibrated": _both(partial(_covering, definition=CALIBRATED)),
    "greedy per token": _both(partial(_covering, definition=CALIBRATED, per_token=True)),
    "narrow paper": _both(partial(_covering, definition=PAPER, lowest=True)),
    "narrow calibrated": _both(partial(_covering, definition=CALIBRATED, lowest=True)),
}
"""Kind -> how positives and negatives are drawn. The order decides the draws: append only."""
