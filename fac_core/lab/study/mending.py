"""Does mending a hole help *there*?

A seed lacks a topic that the pool has (`sets/seeds.py`); nobody tells the methods which. Each adds real texts of the pool at
an equal budget of tokens of each label, and a head learns from seed and addition. Its loss is taken on the test texts of the
topic, where a mended hole has to show, and on the others, where what was spent on the hole is missing.

*Themes* is what the product does: what does the seed lack beside all texts that could be added, and which texts are of it?
Labels play no part in finding them. *Of the hole* knows the topic, and says how much could be won at best.

Who learns is a head, or a language model (`mending_learners.py`). Draws of one cut share anchor and test, so intervals are over cuts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fac_core.coverage.definition import CALIBRATED
from fac_core.diversity.vectors import unit
from fac_core.errors import WrongUse
from fac_core.lab.holes.answers import MAX_Q, Answer
from fac_core.lab.holes.ours import of_features
from fac_core.lab.sets.adding import Offer
from fac_core.lab.sets.pool import Pool, Split, pool_of, split
from fac_core.lab.sets.seeds import Seed, Seeds
from fac_core.lab.sets.variants import Yardstick
from fac_core.lab.study.mending_learners import LEARNERS, Learner, LearnerName
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.tasks.result import mean_interval
from fac_core.progress import Progress, silent
from fac_core.report.charts import dots
from fac_core.store.workspace import Workspace

NOTHING, RANDOM, THEMES, ORACLE = "nothing", "random real", "themes", "of the hole"


@dataclass(frozen=True)
class Wound:
    """A seed, what it lacks, and what may be added."""

    pool: Pool
    seed: Seed
    offered: np.ndarray
    """Rows of both labels."""

    @cached_property
    def answer(self) -> Answer:
        """What the seed lacks beside the texts that may be added; places are in `offered`."""
        fired, n_tokens = self.pool.activations, self.pool.n_tokens
        rows = self.offered, self.seed.rows
        return of_features(*(fired[these] for these in rows), *(n_tokens[these] for these in rows))

    @cached_property
    def named(self) -> np.ndarray:
        """Rows of `offered`: those of each theme that holds, the most typical first, then the others, the most lacking first."""
        members = [theme.members for theme in self.answer.themes if theme.q <= MAX_Q]
        order = np.concatenate([*members, np.argsort(-self.answer.scores, kind="stable")])
        return self.offered[list(dict.fromkeys(order.tolist()))]

    @cached_property
    def farthest(self) -> np.ndarray:
        """Rows of `offered`: those whose nearest text of the seed is the farthest, by hidden states."""
        points = unit(self.pool.points - self.pool.points[self.offered].mean(axis=0))
        nearest = (points[self.offered] @ points[self.seed.rows].T).max(axis=1)
        return self.offered[np.argsort(nearest, kind="stable")]


Arm = Callable[[Wound, Offer], np.ndarray]
"""Rows that may be added of one label, the best first."""


def _of_label(rows: np.ndarray, offer: Offer) -> np.ndarray:
    return rows[np.isin(rows, offer.rows)]


def _of_the_hole(wound: Wound, offer: Offer) -> np.ndarray:
    order = offer.rng.permutation(offer.rows)
    inside = np.isin(order, wound.seed.hole)
    return np.concatenate([order[inside], order[~inside]])


ARMS: dict[str, Arm] = {
    RANDOM: lambda _wound, offer: offer.order("random real"),
    THEMES: lambda wound, offer: _of_label(wound.named, offer),
    "far from the seed": lambda wound, offer: _of_label(wound.farthest, offer),
    "texts of gaps": lambda _wound, offer: offer.order("texts of gaps"),
    "greedy FAC": lambda _wound, offer: offer.order("greedy FAC"),
    ORACLE: _of_the_hole,
}


@dataclass(frozen=True)
class Mended:
    """One arm; a value for each cut, mean over its draws."""

    arm: str
    in_hole: tuple[float, ...]
    """Loss on the test texts of the topic."""
    elsewhere: tuple[float, ...]
    """The same on the other test texts."""
    in_hole_shuffled: tuple[float, ...]
    """On those of the topic, where labels were shuffled; none for who looks at no labels."""
    of_hole: float
    """Share of the added texts that are of the topic."""
    n_tokens: float
    """Added, mean."""

    def minus(self, other: Mended, what: str = "in_hole") -> tuple[float, float, float]:
        """Mean paired difference of a field, and its 95 % interval over cuts."""
        return _interval(np.subtract(getattr(self, what), getattr(other, what)))

    def learned_beyond(self, other: Mended) -> tuple[float, float, float] | None:
        """Difference in the hole less that under shuffled labels; None for who looks at no labels."""
        if not self.in_hole_shuffled:
            return None
        real, noise = (np.subtract(getattr(self, one), getattr(other, one)) for one in ("in_hole", "in_hole_shuffled"))
        return _interval(real - noise)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def mending(
    config: StudyConfig,
    workspace: Workspace,
    *,
    cuts: Sequence[int],
    draws: int = 20,
    n_seed: tuple[int, int] = (40, 400),
    n_added: tuple[int, int] = (25, 100),
    learner: LearnerName = "head",
    arms: Collection[str] = tuple(ARMS),
    on_progress: Progress = silent,
) -> list[Mended]:
    """Every arm, after `nothing`.

    Args:
        config: says the pool; its `split` is not looked at.
        cuts: each cuts the pool into rows to draw from, anchor and test.
        draws: seeds of each cut.
        n_seed: positive and negative texts of a seed.
        n_added: as many tokens are added of each label as so many texts of mean length have.
        learner: who learns from a seed and what is added to it.
        arms: of `ARMS`; random real texts are always among them, since all is compared with those.

    Raises `WrongUse` for tasks without two labels, for fewer than two cuts, for an arm that there is not, and for a pool without
    enough texts or topics.
    """
    config.check_two_classes()
    if unknown := sorted(set(arms) - set(ARMS)):
        raise WrongUse(f"There is no arm {unknown[0]!r}; there are {'; '.join(ARMS)}.")
    if len(cuts) < 2:
        raise WrongUse("Intervals are over cuts: give two or more.")
    pool = pool_of(config, workspace, on_progress=on_progress)
    of_cuts: list[list[Mended]] = []
    for number, cut in enumerate(cuts):
        of_cuts.append(of_cut(pool, split(pool, cut), n_seed, n_added, draws, LEARNERS[learner], {RANDOM, *arms}))
        on_progress(number + 1, len(cuts), f"cut {cut}")
    return [_over_cuts(same) for same in zip(*of_cuts, strict=True)]


def of_cut(
    pool: Pool,
    parts: Split,
    n_seed: tuple[int, int],
    n_added: tuple[int, int],
    draws: int,
    learner: Learner = LEARNERS["head"],
    arms: Collection[str] = tuple(ARMS),
) -> list[Mended]:
    """Every arm in one cut."""
    seeds, yardstick = Seeds(pool, parts, n_seed, hole=True), Yardstick(pool, parts.anchor)
    n_tokens = np.minimum(pool.n_tokens, learner.longest)
    found: dict[str, list[_Measured]] = {}
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        seed = seeds.draw(rng)
        left = [np.setdiff1d(rows, seed.rows) for rows in seeds.by_label]
        wound = Wound(pool, seed, np.sort(np.concatenate(left)))
        offers = [
            Offer(pool, yardstick, CALIBRATED, seed.rows, rows, label, n, n * float(n_tokens[rows].mean()), rng)
            for label, rows, n in zip((True, False), left, n_added, strict=True)
        ]
        found.setdefault(NOTHING, []).append(_measured(wound, np.zeros(0, dtype=np.int64), parts.test, draw, learner))
        for name, arm in ((name, arm) for name, arm in ARMS.items() if name in arms):
            orders = ((offer, arm(wound, offer)) for offer in offers)
            added = np.concatenate([o.within(order, n_tokens, "tokens", 1.0) for o, order in orders])
            found.setdefault(name, []).append(_measured(wound, added, parts.test, draw, learner))
    return [_over_draws(name, of_draws) for name, of_draws in found.items()]


def figure(found: dict[str, list[Mended]]) -> str:
    """SVG of what each arm changes in the hole and elsewhere beside random real texts: a band for each pool."""
    rows = [
        (f"{name}, {where}", one.arm, one.minus(_named(of, RANDOM), field))
        for name, of in found.items()
        for field, where in (("in_hole", "in the hole"), ("elsewhere", "elsewhere"))
        for one in of
        if one.arm not in (NOTHING, RANDOM)
    ]
    return dots(rows, title="Loss where a topic was lacking", x_title="change beside random real texts, equal tokens")


def _named(found: Sequence[Mended], arm: str) -> Mended:
    return next(one for one in found if one.arm == arm)


@dataclass(frozen=True)
class _Measured:
    """One arm in one draw."""

    in_hole: float
    elsewhere: float
    in_hole_shuffled: float | None
    of_hole: float
    n_tokens: float


def _measured(wound: Wound, added: np.ndarray, test: np.ndarray, draw: int, learner: Learner) -> _Measured:
    pool, hole = wound.pool, wound.seed.hole
    losses = learner.losses(pool, wound.seed, added, test, draw)
    share = float(np.isin(added, hole).mean()) if len(added) else 0.0
    return _Measured(*losses, share, float(np.minimum(pool.n_tokens, learner.longest)[added].sum()))


def _over_draws(arm: str, found: Sequence[_Measured]) -> Mended:
    def over(name: str) -> tuple[float, ...]:
        values = [value for one in found if (value := getattr(one, name)) is not None]
        return (float(np.mean(values)),) if values else ()

    return Mended(
        arm,
        in_hole=over("in_hole"),
        elsewhere=over("elsewhere"),
        in_hole_shuffled=over("in_hole_shuffled"),
        of_hole=_mean(found, "of_hole"),
        n_tokens=_mean(found, "n_tokens"),
    )


def _over_cuts(same: Sequence[Mended]) -> Mended:
    def joined(name: str) -> tuple[float, ...]:
        return tuple(value for one in same for value in getattr(one, name))

    return Mended(
        same[0].arm,
        in_hole=joined("in_hole"),
        elsewhere=joined("elsewhere"),
        in_hole_shuffled=joined("in_hole_shuffled"),
        of_hole=_mean(same, "of_hole"),
        n_tokens=_mean(same, "n_tokens"),
    )


def _mean(found: Sequence[object], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in found]))


def _interval(differences: np.ndarray) -> tuple[float, float, float]:
    return float(differences.mean()), *mean_interval(differences.tolist())
