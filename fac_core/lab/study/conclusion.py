"""From a table of sets and their scores to which way of counting goes with performance, and how far that can be trusted.

Definitions are ranked on sets of even draws alone, by the lower of their plain and their partial correlation (log length
held fixed); what was chosen is then measured on sets of odd draws, or on another study's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fac_core.coverage.definition import CALIBRATED, PAPER
from fac_core.errors import EmptyAnchor
from fac_core.lab.sets.variants import Variant
from fac_core.lab.study.correlation import (
    N_RESAMPLES,
    Correlations,
    Estimate,
    Sample,
    correlations,
    estimate,
    reliability,
    resampled,
    sets_needed,
    within_groups,
)
from fac_core.lab.study.study_files import Study
from fac_core.report.charts import scatter

BARS = {"pearson": 0.8, "partial": 0.6}
"""What a definition has to reach on sets that had no part in choosing it."""

PRESET_NAMES = (Variant(PAPER).name, Variant(CALIBRATED).name)
"""Of the presets, among the metrics."""

OVERLAP = "overlap q75 all"
"""Shown beside FAC: it was thought of after the first study, and is eligible in none."""

LIKENESS = "likeness q75 by label"
"""Minus the logarithm of the discrepancy from the anchor. Thought of after seeds with a hole; eligible in no study."""

CONTROLS = ("log length", "log length of positives", "log length of negatives")


def conclude(
    sets: pa.Table, metrics: list[str], *, chosen: str | None, n_resamples: int = N_RESAMPLES
) -> tuple[pa.Table, dict[str, Any]]:
    """From the table of sets to findings and summary. Nothing of the test half decides what is chosen."""
    halves = sorted(set(sets["half"].to_pylist()))
    estimates = {half: estimate(sample(half_of(sets, half), metrics), n_resamples=n_resamples) for half in halves}
    is_fac = np.array([m.startswith("FAC") for m in metrics])
    if chosen is None:
        ranked = estimates["choice"].value
        lower = np.where(is_fac, np.fmin(ranked.pearson, ranked.partial), np.nan)
        lower[np.isnan(ranked.pearson) | np.isnan(ranked.partial)] = np.nan
        if np.isnan(lower).all():
            raise EmptyAnchor("No definition of FAC varies between the sets of the choice half, so none can be chosen.")
        chosen = metrics[int(np.nanargmax(lower))]
    findings = pa.concat_tables(_findings(metrics, name, found) for name, found in estimates.items())
    return findings, _summary(sets, metrics, chosen, estimates, n_resamples)


def agreement(sets: pa.Table, others: pa.Table, n_resamples: int) -> dict[str, Any]:
    """How alike two learners order the same sets: correlations of their scores, and how many sets both have."""
    there = others.select(["set_id", "score"]).rename_columns(["set_id", "score there"])
    both = sets.join(there, "set_id", join_type="inner").sort_by("set_id")
    found = estimate(sample(both, ["score there"]), n_resamples=n_resamples)
    return {"n_sets": len(both), **_triple(found, 0)}


def half_of(sets: pa.Table, half: str) -> pa.Table:
    """The sets that definitions are chosen on (`choice`), or those that test what was chosen (`test`)."""
    return sets.filter(pc.field("half") == half)


def sample(sets: pa.Table, metrics: list[str], controls: tuple[str, ...] = CONTROLS[:1]) -> Sample:
    """The sets as arrays."""
    columns = {name: sets[name].to_numpy() for name in (*metrics, *controls)}
    return Sample(
        np.column_stack([columns[m] for m in metrics]).astype(np.float64),
        sets["score"].to_numpy(),
        np.column_stack([columns[c] for c in controls]),
        np.array(sets["kind"].to_pylist()),
    )


def _summary(
    sets: pa.Table, metrics: list[str], chosen: str, estimates: dict[str, Estimate], n_resamples: int
) -> dict[str, Any]:
    test = half_of(sets, "test")
    others = [m for m in metrics if not m.startswith("FAC")]
    rival = _best(others, metrics, estimates["choice" if "choice" in estimates else "test"])
    shown = dict.fromkeys([chosen, *PRESET_NAMES, rival, OVERLAP, LIKENESS, "size log length all"])
    report = {
        name: _triple(estimates["test"], metrics.index(name)) | {"range": _range(test, name)}
        for name in shown
        if name in metrics
    }
    guided = np.array([not kind.startswith(("greedy", "narrow")) for kind in test["kind"].to_pylist()])
    unguided = estimate(sample(test.filter(pa.array(guided)), [chosen]), n_resamples=n_resamples)
    sides = estimate(sample(test, [chosen], CONTROLS[1:]), n_resamples=n_resamples)
    top = reliability(sets["half a"].to_numpy(), sets["half b"].to_numpy())
    return {
        "chosen": chosen,
        "rival": rival,
        "test": report,
        "n_sets": {name: found.n_sets for name, found in estimates.items()},
        "chosen_minus_rival": difference(test, chosen, rival, n_resamples, either_sign=True),
        "without_sets_picked_by_coverage": _triple(unguided, 0),
        "with_length_of_each_side_fixed": _triple(sides, 0),
        "score_reliability": top,
        "score_range": _range(sets, "score"),
        "power": {name: _power(report[chosen][name][0], bar) for name, bar in BARS.items()},
        "bars": BARS,
        "reached": {name: _reached(report[chosen][name], bar) for name, bar in BARS.items()},
    }


def _range(sets: pa.Table, name: str) -> list[Any]:
    return [float(sets[name].to_numpy().min()), float(sets[name].to_numpy().max())]


def _triple(found: Estimate, i: int) -> dict[str, list[Any]]:
    """Value, low and high of each correlation; None where it does not exist (length, with length held fixed)."""

    def number(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    return {
        name: [number(getattr(part, name)[i]) for part in (found.value, found.low, found.high)]
        for name in Correlations._fields
    }


def _best(names: list[str], metrics: list[str], found: Estimate) -> str:
    """The one that correlates most, whichever its sign."""
    strength = {n: abs(found.value.pearson[metrics.index(n)]) for n in names if n.startswith("text")}
    return max(strength, key=lambda n: -1.0 if np.isnan(strength[n]) else strength[n])


def difference(test: pa.Table, one: str, other: str, n_resamples: int, *, either_sign: bool = False) -> list[float]:
    """By how much Pearson's of `one` is more than that of `other`, with a paired interval.

    Args:
        either_sign: take the other's strength, whichever its sign: a metric that predicts backwards predicts too.
    """
    pair = sample(test, [one, other])

    def gain(p: np.ndarray) -> float:
        return float(p[0] - (abs(p[1]) if either_sign else p[1]))

    drawn = [gain(c.pearson) for c in resampled(pair, n_resamples=n_resamples)]
    return [gain(correlations(pair).pearson), *(float(v) for v in np.nanquantile(drawn, [0.025, 0.975]))]


def differences(study: Study) -> list[tuple[str, str, list[float]]]:
    """Pairs of metrics, and by how much the first one's Pearson is more than the other's on the test sets."""
    chosen, test = study.summary["chosen"], half_of(study.sets, "test")
    pairs = [(chosen, PRESET_NAMES[1]), (OVERLAP, chosen)]
    return [(a, b, difference(test, a, b, study.config.resamples)) for a, b in pairs]


def within_kinds(study: Study) -> dict[str, float]:
    """Pearson's within kinds of sets, of the metrics that a summary shows; none where every kind has one set only."""
    metrics = [name for name in study.summary["test"] if name in study.sets.column_names]
    found = within_groups(sample(study.sets, metrics)).tolist()
    return {name: value for name, value in zip(metrics, found, strict=True) if not np.isnan(value)}


def _reached(found: list[float | None], bar: float) -> bool:
    value, low, _ = found
    return value is not None and low is not None and value >= bar and low > 0


def _power(found: float | None, bar: float) -> dict[str, float | int | None]:
    """How many independent sets it takes to tell the correlation from nothing, and from the bar; None without one."""
    if found is None:
        return {"to_tell_from_0": None, "to_tell_from_bar": None}
    strength = min(abs(found), 0.99)
    return {
        "to_tell_from_0": sets_needed(strength) if strength > 0.01 else None,
        "to_tell_from_bar": sets_needed(max(strength, bar), min(strength, bar)) if abs(strength - bar) > 0.01 else None,
    }


def _findings(metrics: list[str], half: str, found: Estimate) -> pa.Table:
    n = len(metrics)
    columns: dict[str, Any] = {"metric": metrics, "half": [half] * n, "n_sets": [found.n_sets] * n}
    for name in Correlations._fields:
        for part, suffix in ((found.value, ""), (found.low, " low"), (found.high, " high")):
            columns[name + suffix] = pa.array(getattr(part, name), from_pandas=True)  # not a number is null
    return pa.table(columns)


def study_figure(study: Study) -> str:
    """SVG for documents: the chosen definition against the score, one mark a test set; kinds differ by colour and shape."""
    test, chosen = half_of(study.sets, "test"), study.summary["chosen"]
    r = study.summary["test"][chosen]["pearson"]
    title = f"{study.config.name}: Pearson {r[0]:+.2f} ({r[1]:+.2f} to {r[2]:+.2f}), {len(test)} sets"
    points = list(zip(*(test[column].to_pylist() for column in (chosen, "score", "kind")), strict=True))
    return scatter(points, title=title, x_title=chosen, y_title=study.summary["metric"])
