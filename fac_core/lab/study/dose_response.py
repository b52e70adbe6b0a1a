"""Does having a feature in the data help *on texts with that feature*?

One score a set over a handful of kinds of sets settles little; thousands of (set, feature) points settle more. The loss of
the head that learned from set S, on test texts that fire feature i, is fitted as

    loss(S, i) = α(S) + γ(i) + β · dose(n),    n: texts of S that fire i, of either label

α takes off how good a set is altogether (its size, length, topics), γ how hard a feature's texts are; what is left is whether
a set does better exactly where it has more. β < 0: having the feature helps there. Features are weighted by their test texts.
Both labels are taken together: more *positive* texts with a feature make its texts look positive, which lowers the loss of
positive ones and raises that of the others even where labels are noise.

Three controls. The dose of *another* feature, the next in frequency, must give 0. *Shuffled labels*: a head is surer, and
more wrong, where it has seen nothing, so texts with a feature help there a little whatever their labels; what β is beyond
that was learned. *Nearness*: how near the nearest text of the set lies to each of the feature's test texts, by hidden states.
If β vanishes beside it, the feature says nothing that states do not say. Sets of one cut share anchor and test texts, so
intervals are over cuts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from fac_core.coverage.definition import CALIBRATED
from fac_core.errors import WrongUse
from fac_core.lab.sets.kinds_of_sets import Ground, TrainingSet, draw_sets
from fac_core.lab.sets.pool import Pool, pool_of, split
from fac_core.lab.sets.variants import Yardstick
from fac_core.lab.study.study_files import StudyConfig
from fac_core.lab.tasks.result import mean_interval
from fac_core.lab.tasks.toxicity import margins
from fac_core.progress import Progress, silent
from fac_core.report.charts import dots
from fac_core.store.workspace import Workspace

LEAST_TESTED = 10
"""Test texts that a feature has to fire in to be looked at; where labels count alike, half as many of each."""
MOST_TESTED = 0.5
"""Share of them above which a feature is everywhere, and its texts are all texts."""

DOSES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "log(1+n)": np.log1p,
    "n ≥ 1": lambda n: (n >= 1).astype(float),
    "n ≥ 3": lambda n: (n >= 3).astype(float),
}
TEXTS = {"as they come": False, "labels alike": True}
ALONE, NEAR, OTHER, NOISE = "alone", "beside nearness", "another feature", "shuffled labels"


@dataclass(frozen=True)
class Response:
    """β of one dose, of every cut."""

    texts: str
    """Whose loss: `as they come`, or `labels alike`, where positive and negative texts count a half each."""
    dose: str
    control: str
    """`alone`, `beside nearness` of states, the dose of `another feature`, or heads that learned `shuffled labels`."""
    per_cut: tuple[float, ...]
    explained: float
    """Share of the variance within sets and features that the dose, and nothing else, explains; mean over cuts."""
    loss: float
    """Mean of the losses that were fitted."""
    n_features: float
    """Mean over cuts."""
    n_sets: int
    """Of each cut."""

    @property
    def mean(self) -> float:
        return float(np.mean(self.per_cut))

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, over cuts. Cuts of one pool share its texts, so it is still too narrow."""
        return mean_interval(self.per_cut)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "mean": self.mean, "interval": self.interval}


@dataclass(frozen=True)
class Grid:
    """Losses and doses in one cut: `[sets, features]` each."""

    loss: np.ndarray
    n: np.ndarray
    """Texts of the set that fire the feature."""
    nearness: np.ndarray
    """Cosine of the nearest text of the set, mean over the feature's test texts."""
    weight: np.ndarray
    """`[features]`: test texts."""


def dose_response(
    config: StudyConfig, workspace: Workspace, *, cuts: Sequence[int], on_progress: Progress = silent
) -> list[Response]:
    """β of every dose and control, over cuts of one pool.

    Args:
        config: says the pool and the sets of each cut (`kinds`, `draws`); its `split` is not looked at.
        cuts: each cuts the pool into rows to draw from, anchor and test.

    Raises `WrongUse` for tasks without two labels, for fewer than two cuts, and where no feature is in enough test texts.
    """
    config.check_two_classes()
    if len(cuts) < 2:
        raise WrongUse("Intervals are over cuts: give two or more.")
    pool = pool_of(config, workspace, on_progress=on_progress)
    grids: list[dict[str, Grid]] = []
    noise: list[dict[str, Grid]] = []
    for number, cut in enumerate(cuts):
        shuffled = replace(pool, positive=np.random.default_rng(cut).permutation(pool.positive))
        for among, found in ((pool, grids), (shuffled, noise)):
            found.append(grids_of(among, replace(config, split=cut)))
        on_progress(number + 1, len(cuts), f"cut {cut}")
    return responses(grids, noise)


def grids_of(pool: Pool, config: StudyConfig) -> dict[str, Grid]:
    """Losses and doses in the cut that `config.split` names, by how texts are counted (`TEXTS`)."""
    parts = split(pool, config.split)
    yardstick = Yardstick(pool, parts.anchor)
    sets = draw_sets(
        Ground(pool, yardstick, parts.train), config.n_positive, config.n_negative, config.draws, config.kinds_of_sets
    )
    active = sparse.csr_array(yardstick.incidence(CALIBRATED))
    losses = np.stack([_losses(pool, one, parts.test) for one in sets])
    return {name: _grid(pool, active, sets, losses, parts.test, evenly) for name, evenly in TEXTS.items()}


def responses(grids: Sequence[dict[str, Grid]], noise: Sequence[dict[str, Grid]] = ()) -> list[Response]:
    """Fit every cut. The order is that of `TEXTS`, `DOSES` and controls.

    Args:
        noise: the same of a pool whose labels were shuffled.
    """
    found: list[Response] = []
    for texts in grids[0]:
        for dose, shape in DOSES.items():
            for control in (ALONE, NEAR, OTHER, *[NOISE] * bool(noise)):
                of = [grid[texts] for grid in (noise if control == NOISE else grids)]
                slopes, explained = zip(*(_fitted(grid, shape(grid.n), control) for grid in of), strict=True)
                losses = [np.average(grid.loss.mean(axis=0), weights=grid.weight) for grid in of]
                explained, loss, features = (
                    float(np.mean(values)) for values in (explained, losses, [len(grid.weight) for grid in of])
                )
                found.append(Response(texts, dose, control, slopes, explained, loss, features, len(of[0].loss)))
    return found


def figure(found: Mapping[str, Sequence[Response]]) -> str:
    """SVG of β with log(1+n), labels alike: a band for each pool, a mark for each control."""
    rows = [
        (name, one.control, (one.mean, *one.interval))
        for name, of in found.items()
        for one in of
        if (one.texts, one.dose) == ("labels alike", "log(1+n)")
    ]
    return dots(rows, title="Loss on a feature's texts", x_title="change for each step of log(1 + texts that have it)")


def _losses(pool: Pool, one: TrainingSet, test: np.ndarray) -> np.ndarray:
    """Logistic loss of each test text under the head that learned from the set."""
    margin = margins((pool.inputs[one.rows], pool.positive[one.rows]), pool.inputs[test], seed=one.draw)
    return np.logaddexp(0, np.where(pool.positive[test], -margin, margin))


def _grid(
    pool: Pool,
    active: sparse.csr_array,
    sets: Sequence[TrainingSet],
    losses: np.ndarray,
    test: np.ndarray,
    evenly: bool,
) -> Grid:
    fires = active[test].astype(np.float64)
    sides = [pool.positive[test], ~pool.positive[test]] if evenly else [np.ones(len(test), dtype=bool)]
    tested = np.stack([fires[side].sum(axis=0) for side in sides])  # [sides, features]
    least = LEAST_TESTED / len(sides)
    chosen = np.flatnonzero((tested >= least).all(axis=0) & (tested.sum(axis=0) <= MOST_TESTED * len(test)))
    if not len(chosen):
        each = " of each label" if evenly else ""
        raise WrongUse(f"No feature fires in {least:g} test texts{each} of {pool.name!r}: encode more labelled texts.")
    # [texts, features]: of each feature the mean over its texts, or the mean of the means of both labels.
    parts = [
        sparse.diags(side / len(sides)) @ fires[:, chosen] / n[chosen] for side, n in zip(sides, tested, strict=True)
    ]
    share = sum(parts[1:], parts[0])
    points = pool.points - pool.points.mean(axis=0)
    points /= np.linalg.norm(points, axis=1, keepdims=True) + 1e-9
    nearest = np.stack([(points[test] @ points[one.rows].T).max(axis=1) for one in sets])
    n = np.stack([active[one.rows].sum(axis=0)[chosen] for one in sets])
    return Grid(losses @ share, n, nearest @ share, tested.sum(axis=0)[chosen])


def _fitted(grid: Grid, dose: np.ndarray, control: str) -> tuple[float, float]:
    """β, and the share of what sets and features leave that the dose alone explains."""
    if control == OTHER:
        order = np.argsort(grid.weight, kind="stable")
        other = np.empty_like(order)
        other[order] = np.roll(order, 1)
        dose = dose[:, other]
    y, x = (_within(values, grid.weight) for values in (grid.loss, dose))
    if control == NEAR:
        z = _within(grid.nearness, grid.weight)
        y, x = (values - z * (z @ values) / max(z @ z, 1e-300) for values in (y, x))
    if x @ x < 1e-12:
        return float("nan"), 0.0
    slope = float(x @ y / (x @ x))
    return slope, float(slope**2 * (x @ x) / (y @ y))


def _within(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Means of sets and of features taken off, rooted weights put on, flat: least squares then needs no constants."""
    share = weight / weight.sum()
    of_sets = values @ share
    centred = values - of_sets[:, None] - values.mean(axis=0) + of_sets.mean()
    return (centred * np.sqrt(share)).ravel()
