"""From a table of sets and their scores to which way of counting goes with performance, and how far that can be trusted.

Definitions are ranked on sets of even draws alone, by the lower of their plain and their partial correlation (log length
held fixed); what was chosen is then measured on sets of odd draws, or on another study's.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from fac_core.coverage.definition import CALIBRATED, PAPER
from fac_core.errors import EmptyAnchor
from fac_core.lab.sets.variants import Variant
from fac_core.lab.study.correlation import (
    N_RESAMPLES,
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
    half = np.array(sets["half"].to_pylist())
    estimates = {
        name: estimate(sample(sets.filter(pa.array(half == name)), metrics), n_resamples=n_resamples)
        for name in np.unique(half).tolist()
    }
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
    test = sets.filter(pa.array(np.array(sets["half"].to_pylist()) == "test"))
    others = [m for m in metrics if not m.startswith("FAC")]
    rival = _best(others, metrics, estimates["choice" if "choice" in estimates else "test"])
    shown = dict.fromkeys([chosen, *PRESET_NAMES, rival, OVERLAP, LIKENESS, "size log length all"])
    report = {name: _line(test, metrics, name, estimates["test"]) for name in shown if name in metrics}
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
        "score_range": [float(sets["score"].to_numpy().min()), float(sets["score"].to_numpy().max())],
        "power": {name: _power(report[chosen][name][0], bar) for name, bar in BARS.items()},
        "bars": BARS,
        "reached": {name: _reached(report[chosen][name], bar) for name, bar in BARS.items()},
    }


def _line(test: pa.Table, metrics: list[str], name: str, found: Estimate) -> dict[str, list[Any]]:
    return _triple(found, metrics.index(name)) | {
        "range": [float(test[name].to_numpy().min()), float(test[name].to_numpy().max())]
    }


def _triple(found: Estimate, i: int) -> dict[str, list[Any]]:
    """Value, low and high of each correlation; None where it does not exist (length, with length held fixed)."""

    def number(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    return {
        name: [number(getattr(part, name)[i]) for part in (found.value, found.low, found.high)]
        for name in ("pearson", "spearman", "partial")
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
    test = study.sets.filter(pa.array(np.array(study.sets["half"].to_pylist()) == "test"))
    chosen = study.summary["chosen"]
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
    columns: dict[str, Any] = {
        "metric": metrics,
        "half": [half] * len(metrics),
        "n_sets": [found.n_sets] * len(metrics),
    }
    for name in ("pearson", "spearman", "partial"):
        for part, suffix in ((found.value, ""), (found.low, " low"), (found.high, " high")):
            columns[name + suffix] = pa.array(getattr(part, name), from_pandas=True)  # not a number is null
    return pa.table(columns)
