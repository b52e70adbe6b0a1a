"""Does mending a hole help *there*?

A seed lacks a topic that the pool has (`sets/seeds.py`); nobody tells the methods which. Each adds real texts of the pool at
an equal budget of tokens of each label, and a head learns from seed and addition. Its loss is taken on the test texts of the
topic, where a mended hole has to show, and on the others, where what was spent on the hole is missing.

*Themes* is what the product does: what does the seed lack beside all texts that could be added, and which texts are of it?
Labels play no part in finding them. *Of the hole* knows the topic, and says how much could be won at best.

A head is surer, and more wrong, where it has seen nothing, so texts of a hole help there a little whatever their labels. So
each head is fitted once more with the labels of its own texts shuffled: what an arm wins beyond that was learned.
Draws of one cut share anchor and test, so intervals are over cuts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
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
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.tasks.result import mean_interval
from fac_core.lab.tasks.toxicity import margins
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
    """Loss on the test texts of the topic, positive and negative ones a half each."""
    elsewhere: tuple[float, ...]
    """The same on the other test texts."""
    in_hole_shuffled: tuple[float, ...]
    """On those of the topic, under heads whose labels were shuffled."""
    of_hole: float
    """Share of the added texts that are of the topic."""
    n_tokens: float
    """Added, mean."""

    def minus(self, other: Mended, what: str = "in_hole") -> tuple[float, float, float]:
        """Mean paired difference of a field, and its 95 % interval over cuts."""
        return _interval(np.subtract(getattr(self, what), getattr(other, what)))

    def learned_beyond(self, other: Mended) -> tuple[float, float, float]:
        """Difference in the hole less that under shuffled labels."""
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
    on_progress: Progress = silent,
) -> list[Mended]:
    """Every arm, after `nothing`.

    Args:
        config: says the pool; its `split` is not looked at.
        cuts: each cuts the pool into rows to draw from, anchor and test.
        draws: seeds of each cut.
        n_seed: positive and negative texts of a seed.
        n_added: as many tokens are added of each label as so many texts of mean length have.

    Raises `WrongUse` for tasks without two labels, for fewer than two cuts, and for a pool without enough texts or topics.
    """
    config.check_two_classes()
    if len(cuts) < 2:
        raise WrongUse("Intervals are over cuts: give two or more.")
    pool = pool_of(config, workspace, on_progress=on_progress)
    of_cuts: list[list[Mended]] = []
    for number, cut in enumerate(cuts):
        of_cuts.append(of_cut(pool, split(pool, cut), n_seed, n_added, draws))
        on_progress(number + 1, len(cuts), f"cut {cut}")
    return [_over_cuts(same) for same in zip(*of_cuts, strict=True)]


def of_cut(pool: Pool, parts: Split, n_seed: tuple[int, int], n_added: tuple[int, int], draws: int) -> list[Mended]:
    """Every arm in one cut."""
    seeds, yardstick = Seeds(pool, parts, n_seed, hole=True), Yardstick(pool, parts.anchor)
    found: dict[str, list[_Measured]] = {}
    for draw in range(draws):
        rng = np.random.default_rng(draw)
        seed = seeds.draw(rng)
        left = [np.setdiff1d(rows, seed.rows) for rows in seeds.by_label]
        wound = Wound(pool, seed, np.sort(np.concatenate(left)))
        offers = [
            Offer(pool, yardstick, CALIBRATED, seed.rows, rows, label, n, n * float(pool.n_tokens[rows].mean()), rng)
            for label, rows, n in zip((True, False), left, n_added, strict=True)
        ]
        found.setdefault(NOTHING, []).append(_measured(wound, np.zeros(0, dtype=np.int64), parts.test, draw))
        for name, arm in ARMS.items():
            orders = ((offer, arm(wound, offer)) for offer in offers)
            added = np.concatenate([o.within(order, pool.n_tokens, "tokens", 1.0) for o, order in orders])
            found.setdefault(name, []).append(_measured(wound, added, parts.test, draw))
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
    in_hole_shuffled: float
    of_hole: float
    n_tokens: float


def _measured(wound: Wound, added: np.ndarray, test: np.ndarray, draw: int) -> _Measured:
    pool, rows = wound.pool, np.concatenate([wound.seed.rows, added])
    labels = pool.positive[rows]
    here = np.isin(test, wound.seed.hole)
    shuffled = np.random.default_rng(draw).permutation(labels)
    real, noise = (_losses(pool, rows, said, test, draw) for said in (labels, shuffled))
    there, elsewhere, noise_there = (
        _evenly(loss, pool.positive[test], at) for loss, at in ((real, here), (real, ~here), (noise, here))
    )
    share = float(np.isin(added, wound.seed.hole).mean()) if len(added) else 0.0
    return _Measured(there, elsewhere, noise_there, share, float(pool.n_tokens[added].sum()))


def _losses(pool: Pool, rows: np.ndarray, labels: np.ndarray, test: np.ndarray, draw: int) -> np.ndarray:
    margin = margins((pool.inputs[rows], labels), pool.inputs[test], seed=draw)
    return np.logaddexp(0, np.where(pool.positive[test], -margin, margin))


def _evenly(loss: np.ndarray, positive: np.ndarray, at: np.ndarray) -> float:
    """Mean loss of some texts, both labels a half each; of one label, where there is no other."""
    sides = [loss[at & side] for side in (positive, ~positive)]
    return float(np.mean([side.mean() for side in sides if len(side)]))


def _over_draws(arm: str, found: Sequence[_Measured]) -> Mended:
    means = {name: float(np.mean([getattr(one, name) for one in found])) for name in _Measured.__annotations__}
    per_cut = {name: (means[name],) for name in ("in_hole", "elsewhere", "in_hole_shuffled")}
    return Mended(arm, **per_cut, of_hole=means["of_hole"], n_tokens=means["n_tokens"])


def _over_cuts(same: Sequence[Mended]) -> Mended:
    joined = {
        name: tuple(value for one in same for value in getattr(one, name))
        for name in ("in_hole", "elsewhere", "in_hole_shuffled")
    }
    means = {name: float(np.mean([getattr(one, name) for one in same])) for name in ("of_hole", "n_tokens")}
    return replace(same[0], **joined, **means)


def _interval(differences: np.ndarray) -> tuple[float, float, float]:
    return float(differences.mean()), *mean_interval(differences.tolist())
