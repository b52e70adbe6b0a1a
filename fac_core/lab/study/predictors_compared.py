"""From collections of sets to which predictor holds: means over collections, intervals from a bootstrap over kinds of sets.

Sets of a kind are alike in every collection, so each resample draws kinds, the same for all collections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fac_core.errors import WrongUse
from fac_core.lab.sets.predictors.measured import family_of
from fac_core.lab.study.conclusion import BARS, sample
from fac_core.lab.study.correlation import Correlations, Sample, correlations
from fac_core.lab.study.predictors import REFERENCE, Examined
from fac_core.lab.tasks.result import mean_interval
from fac_core.report.charts import dots

LEAST_RELIABLE = 0.5
"""A collection whose score is noisier stays in the tables and out of the means."""

THE_PREDICTOR = "the predictor"
ALWAYS_SHOWN = ("FAC: paper", "FAC: calibrated")
"""Whatever was chosen of their family."""

LEARNED_AND_RANDOM = {
    "FAC calibrated": ("FAC: calibrated", "control random dictionary: FAC calibrated"),
    "likeness q75": ("likeness: q75", "control random dictionary: likeness q75"),
}
"""The same measure by the SAE's features and by random directions."""

EQUAL = 0.1
"""Correlations that differ by less are called equal."""

N_RESAMPLES = 2000


@dataclass(frozen=True)
class Compared:
    """Correlations of metrics with the score: in each collection, and in the mean."""

    metrics: tuple[str, ...]
    collections: tuple[str, ...]
    reliabilities: tuple[float, ...]
    each: np.ndarray
    """`[collections, 3, metrics]`: Pearson, Spearman, partial with log length fixed; 0 where a metric does not vary."""
    drawn: np.ndarray
    """`[resamples, 3, metrics]`: means over the reliable collections."""

    @property
    def reliable(self) -> np.ndarray:
        """bool `[collections]`."""
        return np.array(self.reliabilities) >= LEAST_RELIABLE

    @property
    def mean(self) -> np.ndarray:
        """`[3, metrics]`, over the reliable collections."""
        return self.each[self.reliable].mean(axis=0)

    def estimate(self, metric: str, which: str) -> tuple[float, float, float]:
        """Mean of a correlation (a field of `Correlations`), and its 95 % interval over kinds."""
        at = Correlations._fields.index(which), self.metrics.index(metric)
        low, high = np.quantile(self.drawn[:, *at], [0.025, 0.975])
        return float(self.mean[at]), float(low), float(high)

    def over_collections(self, metric: str, which: str) -> tuple[float, float]:
        """95 % by t over collections."""
        at = Correlations._fields.index(which), self.metrics.index(metric)
        return mean_interval(self.each[self.reliable][:, *at].tolist())

    def difference(self, one: str, other: str, which: str) -> tuple[float, float, float]:
        """By how much the mean correlation of one is more than that of another, paired over the same kinds."""
        k, (i, j) = Correlations._fields.index(which), (self.metrics.index(m) for m in (one, other))
        low, high = np.quantile(self.drawn[:, k, i] - self.drawn[:, k, j], [0.025, 0.975])
        return float(self.mean[k, i] - self.mean[k, j]), float(low), float(high)


def compare(examined: Sequence[Examined], *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Compared:
    """All metrics of some collections, which have the same kinds of sets. Raises `WrongUse` if no score is reliable."""
    metrics = examined[0].metrics
    samples = [_sample(one, metrics) for one in examined]
    reliabilities = tuple(one.reliability for one in examined)
    rng = np.random.default_rng(seed)
    kinds = np.unique(samples[0].groups)
    members = [[np.flatnonzero(one.groups == kind) for kind in kinds] for one in samples]
    counted = [(s, m) for s, m, r in zip(samples, members, reliabilities, strict=True) if r >= LEAST_RELIABLE]
    if not counted:
        raise WrongUse("In no collection is the score reliable enough to go with anything: draw more sets.")
    drawn = []
    for _ in range(n_resamples):
        taken = rng.integers(len(kinds), size=len(kinds))
        each = [_correlated(one.at(np.concatenate([rows[i] for i in taken]))) for one, rows in counted]
        drawn.append(np.mean(each, axis=0))
    each = np.stack([_correlated(one) for one in samples])
    return Compared(tuple(metrics), tuple(one.name for one in examined), reliabilities, each, np.array(drawn))


def choose(compared: Compared) -> dict[str, str]:
    """Of every family, and of all, the metric whose lower one of mean Pearson and mean partial is highest."""
    lower = np.fmin(*compared.mean[[0, 2]])
    best: dict[str, int] = {}
    for i, metric in enumerate(compared.metrics):
        for name in (family_of(metric), *[THE_PREDICTOR] * (metric != REFERENCE)):
            if name not in best or lower[i] > lower[best[name]]:
                best[name] = i
    return {name: compared.metrics[i] for name, i in best.items()}


def verdict(pearson: tuple[float, float, float], partial: tuple[float, float, float]) -> str:
    """`holds`, `does not` (a bar is excluded) or `open`.

    >>> verdict((0.5, 0.3, 0.7), (0.6, 0.4, 0.8))
    'does not'
    """
    pairs = ((pearson, BARS["pearson"]), (partial, BARS["partial"]))
    if all(value >= bar and low > 0 for (value, low, _), bar in pairs):
        return "holds"
    return "does not" if any(high < bar for (_, _, high), bar in pairs) else "open"


def report(compared: Compared, chosen: dict[str, str]) -> dict[str, Any]:
    """What was chosen, on these collections: means with intervals, each collection, and a verdict."""
    rows: dict[str, Any] = {}
    shown = chosen | {metric: metric for metric in ALWAYS_SHOWN if metric in compared.metrics}
    for name, metric in shown.items():
        of = {which: compared.estimate(metric, which) for which in Correlations._fields}
        column = compared.metrics.index(metric)
        each = dict(zip(compared.collections, compared.each[:, [0, 2], column].tolist(), strict=True))
        over = (
            {which: compared.over_collections(metric, which) for which in BARS} if compared.reliable.sum() > 1 else None
        )
        said = verdict(of["pearson"], of["partial"])
        rows[name] = {"metric": metric, **of, "over collections": over, "each": each, "verdict": said}
    states, features = (chosen.get(f"F2b V-optimality on {what}") for what in ("states", "features"))
    pair = {w: compared.difference(states, features, w) for w in BARS} if states and features else {}
    beyond_random = {
        name: {which: compared.difference(*two, which) for which in BARS}
        for name, two in LEARNED_AND_RANDOM.items()
        if set(two) <= set(compared.metrics)
    }
    highest = {which: max(compared.estimate(m, which)[2] for m in compared.metrics if m != REFERENCE) for which in BARS}
    return {
        "reliability": dict(zip(compared.collections, compared.reliabilities, strict=True)),
        "families": rows,
        "states minus features": pair,
        "states and features": _likeness(list(pair.values())),
        "learned minus random dictionary": beyond_random,
        "highest upper end of any metric": highest,
    }


def figure(compared: Compared, chosen: dict[str, str]) -> str:
    """SVG of what each family's metric reaches: a band for Pearson's and one for the partial correlation."""
    rows = [
        (title, name, compared.estimate(metric, which))
        for which, title in (("pearson", "Pearson"), ("partial", "length held fixed"))
        for name, metric in chosen.items()
        if name != THE_PREDICTOR
    ]
    return dots(rows, title="Metrics of a set and what is learned from it", x_title="mean correlation over collections")


def _likeness(differences: Sequence[tuple[float, float, float]]) -> str:
    """`equal`, `different` or `open`."""
    if not differences:
        return "open"
    if all(low >= -EQUAL and high <= EQUAL for _, low, high in differences):
        return "equal"
    return "different" if any(low > 0 or high < 0 for _, low, high in differences) else "open"


def _sample(one: Examined, metrics: list[str]) -> Sample:
    found = sample(one.sets, metrics)
    # A metric without a value in a collection tells nothing there, as one that does not vary.
    lacking = np.isnan(found.metrics).any(axis=0)
    return Sample(np.where(lacking, 0.0, found.metrics), found.score, found.controls, found.groups)


def _correlated(one: Sample) -> np.ndarray:
    """`[3, metrics]`."""
    return np.nan_to_num(np.stack(correlations(one)))
