"""Every predictor of every training set of one pool, by family and variant.

Names are `family: variant`. More is better in each, so that a correlation's sign says whether the idea is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product

import numpy as np
from scipy import sparse
from sklearn.model_selection import StratifiedKFold

from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.diversity.table import Texts
from fac_core.diversity.words import numbered, words
from fac_core.lab.sets.kinds_of_sets import TrainingSet
from fac_core.lab.sets.pool import Pool, Split
from fac_core.lab.sets.predictors import nearness, optimality, representations, weighed
from fac_core.lab.sets.predictors.reading import PCA, RANDOM, SAE
from fac_core.lab.sets.text_measures import measures
from fac_core.lab.sets.variants import Variant, Yardstick, active_of
from fac_core.lab.tasks.head import fitted
from fac_core.shortfall.strata import Tally, length_edges, stratum_of, trend

STRENGTHS = (10, 100, 1000)
"""λ of V-optimality."""

N_STRATA = 5

_PRESETS = {"paper": Variant(PAPER), "calibrated": Variant(CALIBRATED)}
_CHOSEN_EARLIER = Variant(Definition(quantile=0.9), "positives", "relevant")
_FOLDS = 3


def family_of(metric: str) -> str:
    """
    >>> family_of("F4 soft coverage: features, worst label")
    'F4 soft coverage'
    """
    return metric.partition(":")[0]


@dataclass(frozen=True)
class Scene:
    """A pool, its cut, and what all sets are measured against."""

    pool: Pool
    parts: Split
    weighted: np.ndarray
    """`[rows, d]`: states weighted by place."""
    others: dict[str, sparse.csr_matrix]
    """`[rows, features]`: activations under each dictionary that nothing was learned for."""

    @cached_property
    def yardsticks(self) -> dict[str, Yardstick]:
        pools = {SAE: self.pool} | {name: replace(self.pool, activations=of) for name, of in self.others.items()}
        return {name: Yardstick(pool, self.parts.anchor) for name, pool in pools.items()}

    @cached_property
    def points(self) -> dict[str, np.ndarray]:
        seen = np.concatenate([self.parts.train, self.parts.anchor])
        return {
            "standardised": representations.standardised(self.pool.inputs, seen),
            "whitened": representations.whitened(self.pool.inputs, seen),
            "features": representations.of_features(self.pool.activations, self.parts.anchor, seen),
            "raw": self.weighted.astype(np.float64),
            "centred": self.weighted.astype(np.float64) - self.weighted[seen].mean(axis=0),
        }

    @cached_property
    def p(self) -> np.ndarray:
        """What a head says that learned from the anchor, `[rows]`; of the anchor itself, by folds. Of test rows it is not looked at."""
        x, y, anchor = self.pool.inputs, self.pool.positive, self.parts.anchor
        learn = partial(fitted, scoring="average_precision", seed=0)
        said = learn(x[anchor], y[anchor]).predict_proba(x)[:, 1]
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0).split(x[anchor], y[anchor])
        for kept, left in folds:
            said[anchor[left]] = learn(x[anchor[kept]], y[anchor[kept]]).predict_proba(x[anchor[left]])[:, 1]
        return said

    @cached_property
    def sides(self) -> tuple[np.ndarray, np.ndarray]:
        """The anchor's positive rows, and its others."""
        return tuple(self.pool.of(label, self.parts.anchor) for label in (True, False))  # type: ignore[return-value]

    def sides_of(self, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        """Anchor and set, label by label."""
        return [(theirs, self.pool.of(label, rows)) for theirs, label in zip(self.sides, (True, False), strict=True)]


def measured(scene: Scene, sets: Sequence[TrainingSet]) -> dict[str, np.ndarray]:
    """Every metric of every set: name -> `[sets]`; not a number where it has no value."""
    parts = (
        _optimality(scene),
        _gradients(scene),
        _soft(scene),
        _novelty(scene),
        _weighed(scene),
        _counted(scene),
        _shortfall(scene),
        _spatial(scene),
        _texts(scene),
    )
    found: list[dict[str, float]] = [{n: v for part in parts for n, v in part(one.rows).items()} for one in sets]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def _optimality(scene: Scene):
    weight = scene.p * (1 - scene.p)

    def of(rows: np.ndarray) -> dict[str, float]:
        found = {}
        for place, strength in product(("standardised", "whitened", "features"), STRENGTHS):
            at = scene.points[place]
            left = [optimality.variance_left(at[a], at[s], weight[s], strength) for a, s in scene.sides_of(rows)]
            both = optimality.variance_left(at[scene.parts.anchor], at[rows], weight[rows], strength)
            family = "F2b V-optimality on " + ("features" if place == "features" else "states")
            found[f"{family}: {place}, λ {strength}, all texts"] = -np.log(both)
            found[f"{family}: {place}, λ {strength}, worst label"] = -np.log(max(left))
        return found

    return of


def _gradients(scene: Scene):
    off = np.abs(scene.p - scene.pool.positive)[scene.parts.anchor]
    pulls = {
        place: nearness.gradients(scene.points[place], scene.p, scene.pool.positive)
        for place in ("standardised", "whitened")
    }

    def of(rows: np.ndarray) -> dict[str, float]:
        return {
            f"F3 gradient likeness: {place}, {how}": nearness.likest(pull[scene.parts.anchor], pull[rows], weight)
            for place, pull in pulls.items()
            for how, weight in (("each alike", None), ("weighted", off))
        }

    return of


def _soft(scene: Scene):
    places = ("features", "standardised")
    reach = {place: [nearness.reach(scene.points[place][side]) for side in scene.sides] for place in places}

    def of(rows: np.ndarray) -> dict[str, float]:
        found = {}
        for place in places:
            at = scene.points[place]
            sides = zip(scene.sides_of(rows), reach[place], strict=True)
            covered = [nearness.softly_covered(at[a], at[s], tau) for (a, s), tau in sides]
            found[f"F4 soft coverage: {place}, worst label"] = min(covered)
            found[f"F4 soft coverage: {place}, mean of labels"] = float(np.mean(covered))
        return found

    return of


def _novelty(scene: Scene):
    def of(rows: np.ndarray) -> dict[str, float]:
        return {
            f"F5 NovelSum: {place}": nearness.novel_sum(
                scene.points[place][scene.parts.anchor], scene.points[place][rows]
            )
            for place in ("features", "standardised")
        }

    return of


def _weighed(scene: Scene):
    anchor, yardstick = scene.parts.anchor, scene.yardsticks[SAE]
    here = scene.pool.activations[anchor]
    residual = weighed.residuals(here, scene.p[anchor], scene.pool.positive[anchor].astype(float))
    sensitive = weighed.sensitivity(here, scene.points["standardised"][anchor]) >= weighed.LEAST_SENSITIVE
    incidence = {name: yardstick.incidence(variant.definition) for name, variant in _PRESETS.items()}

    def of(rows: np.ndarray) -> dict[str, float]:
        found = {}
        for name, variant in _PRESETS.items():
            definition = variant.definition
            counts = yardstick.counts(rows, definition)
            kept = counts.can_occur & sensitive
            share = (counts.samples >= definition.min_count)[kept].mean() if kept.any() else np.nan
            found[f"F6 sensitive FAC: {name}"] = float(share)
            sides = [active_of(incidence[name], scene.pool.of(label, rows)) for label in (True, False)]
            found[f"F2a residual coverage: {name}"] = weighed.residual_coverage(
                sides, residual, counts.can_occur, definition.min_count
            )
        return found

    return of


def _counted(scene: Scene):
    def of(rows: np.ndarray) -> dict[str, float]:
        found = {}
        for name, yardstick in scene.yardsticks.items():
            prefix = {SAE: "", RANDOM: "control random dictionary", PCA: "control PCA"}[name]
            fac = yardstick.fac(rows, list(_PRESETS.values()), budget={})
            found |= {
                f"{prefix or 'FAC'}: {('FAC ' * bool(prefix)) + k}": float(v)
                for k, v in zip(_PRESETS, fac, strict=True)
            }
            likeness = -np.log(yardstick.discrepancy(rows, CALIBRATED.quantile))
            found[f"{prefix or 'likeness'}: {'likeness ' * bool(prefix)}q75"] = float(likeness)
        mine = scene.yardsticks[SAE]
        found["FAC: q90 m1 positives relevant"] = float(mine.fac(rows, [_CHOSEN_EARLIER], budget={})[0])
        found["likeness: overlap q75"] = mine.overlap(rows, CALIBRATED.quantile, "all")
        return found

    return of


def _shortfall(scene: Scene):
    pool, anchor = scene.pool, scene.parts.anchor
    seen = np.concatenate([scene.parts.train, anchor])
    edges = length_edges(pool.n_tokens[seen], N_STRATA)
    active = scene.yardsticks[SAE].incidence(CALIBRATED)
    there = np.flatnonzero(np.asarray(active[anchor].sum(axis=0)).ravel())
    active = sparse.csr_matrix(active[:, there])

    def tally(rows: np.ndarray) -> Tally:
        return Tally.of(active[rows], stratum_of(pool.n_tokens[rows], edges), len(edges) + 1)

    wanted = tally(anchor)

    def of(rows: np.ndarray) -> dict[str, float]:
        return {"shortfall: calibrated": -float(np.maximum(trend(wanted, tally(rows)), 0).mean())}

    return of


def _spatial(scene: Scene):
    """Controls that no feature is needed for, and one on features."""
    anchor, at = scene.parts.anchor, scene.points["standardised"]

    def of(rows: np.ndarray) -> dict[str, float]:
        sides = scene.sides_of(rows)
        found = {}
        for place in ("raw", "centred"):
            seen = scene.points[place]
            found[f"control RDS+: {place}, all texts"] = nearness.likest(seen[anchor], seen[rows])
            found[f"control RDS+: {place}, worst label"] = min(nearness.likest(seen[a], seen[s]) for a, s in sides)
        found["control k-centre: all texts"] = -nearness.farthest(at[anchor], at[rows])
        found["control k-centre: worst label"] = -max(nearness.farthest(at[a], at[s]) for a, s in sides)
        for place in ("standardised", "features"):
            seen = scene.points[place]
            found[f"control facility location: {place}"] = nearness.likest(seen[anchor], seen[rows])
        found["control log-det: standardised"] = optimality.log_volume(at[rows], 100)
        return found

    return of


def _texts(scene: Scene):
    pool = scene.pool
    texts = Texts(numbered(map(words, pool.texts)), None, scene.points["standardised"], None)

    def of(rows: np.ndarray) -> dict[str, float]:
        found = {}
        for scope, some in (("all texts", rows), ("positives", pool.of(True, rows))):
            found |= {f"text metrics: {name}, {scope}": value for name, value in measures(texts, some).items()}
            found[f"size: log mean length, {scope}"] = float(np.log(pool.n_tokens[some].mean()))
        return found

    return of
