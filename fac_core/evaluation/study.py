"""FAC against performance: many training sets of one size, one score each, and which way of counting goes with it.

The order keeps the study honest: definitions are ranked on sets of even draws alone, by the lower of their plain and their
partial correlation (log length held fixed); what was chosen is then measured on sets of odd draws, or on another study's.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fac_core.errors import EmptyAnchor
from fac_core.evaluation.correlation import (
    N_RESAMPLES,
    Estimate,
    Sample,
    correlations,
    estimate,
    reliability,
    resampled,
    sets_needed,
)
from fac_core.evaluation.diversity import written
from fac_core.evaluation.learning import METRICS, head, learned, lora
from fac_core.evaluation.pool import Pool, split
from fac_core.evaluation.sets import Ground, TrainingSet, draw_sets
from fac_core.evaluation.study_files import Study, StudyConfig, read_scores, write_study
from fac_core.evaluation.variants import CALIBRATED, PAPER, QUANTILES, Scope, Variant, Yardstick, carried, variants
from fac_core.progress import Progress, silent

BARS = {"pearson": 0.8, "partial": 0.6}
"""What a definition has to reach on sets that had no part in choosing it."""

OVERLAP = "overlap q75 all"
"""Shown beside FAC: it was thought of after the first study, and is eligible in none."""

LIKENESS = "likeness q75 by label"
"""Minus the logarithm of the discrepancy from the anchor. Thought of after seeds with a hole; eligible in no study."""

CONTROLS = ("log length", "log length of positives", "log length of negatives")


def run_study(
    pool: Pool, config: StudyConfig, folder: Path, *, chosen_by: Study | None = None, on_progress: Progress = silent
) -> dict[str, Any]:
    """Draw, train, measure, correlate; files are in `folder`. Interrupted, the same call goes on. Returns the summary.

    Args:
        chosen_by: the study that chose a definition; then every set of this one tests it, and none chooses.
    """
    chosen = carried(chosen_by.summary["chosen"], pool) if chosen_by else None
    parts = split(pool, config.split)
    yardstick = Yardstick(pool, parts.anchor)
    ground = Ground(pool, yardstick, parts.train)
    sets = draw_sets(ground, config.n_positive, config.n_negative, config.draws, config.kinds_of_sets)
    scores = _scores(pool, sets, parts.test, config, folder, on_progress)
    metrics = measured(pool, yardstick, sets, parts.train)
    table = _sets_table(pool, sets, scores, metrics, all_test=chosen is not None)
    findings, summary = conclude(table, list(metrics), chosen=chosen, n_resamples=config.resamples)
    summary |= {"metric": METRICS[pool.task], "task": pool.task, "name": config.name, "n_test": len(parts.test)}
    summary |= {
        "n_train_rows": len(parts.train),
        "n_anchor": len(parts.anchor),
        "n_relevant": _n_relevant(pool, yardstick),
    }
    if chosen_by and chosen_by.config.same_sets(config):
        summary["agreement"] = agreement(table, chosen_by.sets, config.resamples)
    summary["seconds_training"] = float(sum(s["seconds"] for s in scores.values()))
    write_study(folder, table, findings, summary)
    return summary


def measured(pool: Pool, yardstick: Yardstick, sets: list[TrainingSet], ground: np.ndarray) -> dict[str, np.ndarray]:
    """Every metric of every set: name -> `[sets]`. Names begin with `FAC`, `overlap`, `likeness`, `text` or `size`."""
    scopes: tuple[Scope, ...] = ("all", "positives") if pool.task == "toxicity" else ("all",)
    chosen = variants(pool)
    budget: dict[Scope, int] = {
        s: min(int(pool.n_tokens[_in(pool, one.rows, s)].sum()) for one in sets) for s in scopes
    }
    fac = np.stack([yardstick.fac(one.rows, chosen, budget=budget, seed=one.draw) for one in sets])
    found = {variant.name: fac[:, i] for i, variant in enumerate(chosen)}
    for quantile, scope in product(QUANTILES, scopes):
        name = f"overlap {Variant(quantile).threshold} {scope}"
        found[name] = np.array([yardstick.overlap(one.rows, quantile, scope) for one in sets])
    found[LIKENESS] = -np.log([yardstick.discrepancy(one.rows, CALIBRATED.quantile) for one in sets])
    texts_of_pool = written(pool.texts, pool.points, centre=pool.points[ground].mean(axis=0))
    for scope in scopes:
        rows = [_in(pool, one.rows, scope) for one in sets]
        texts = [texts_of_pool.metrics(r) for r in rows]
        found |= {f"text {name} {scope}": np.array([t[name] for t in texts]) for name in texts[0]}
        found[f"size log length {scope}"] = np.log([pool.n_tokens[r].mean() for r in rows])
        per_sample = np.diff(pool.activations.indptr)
        found[f"size features a sample {scope}"] = np.array([per_sample[r].mean() for r in rows])
    return found


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
    shown = dict.fromkeys([chosen, PAPER.name, CALIBRATED.name, rival, OVERLAP, LIKENESS, "size log length all"])
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


def _scores(
    pool: Pool, sets: list[TrainingSet], test: np.ndarray, config: StudyConfig, folder: Path, on_progress: Progress
) -> dict[str, dict[str, Any]]:
    """Of every set, what is in `scores.jsonl` already and what is not."""
    path = folder / "scores.jsonl"
    done = read_scores(path)
    if config.learner == "LoRA":
        learn = lora(pool, model=config.model, context=config.context, dtype=config.dtype)
    else:
        learn = head(pool)
    for number, one in enumerate(sets):
        if one.set_id not in done:
            scored = learned(pool, one.rows, test, learn, seeds=range(config.seeds), learner=config.learner)
            entry = {
                "per_seed": scored.evaluation.per_seed,
                "halves": scored.halves,
                "also": scored.also,
                "answers": scored.answers,
                "seconds": scored.evaluation.seconds,
            }
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"set_id": one.set_id, **entry}) + "\n")
            done[one.set_id] = entry
        on_progress(number + 1, len(sets), one.set_id)
    return done


def _sets_table(
    pool: Pool,
    sets: list[TrainingSet],
    scores: dict[str, dict[str, Any]],
    metrics: dict[str, np.ndarray],
    *,
    all_test: bool,
) -> pa.Table:
    seeds = np.array([scores[one.set_id]["per_seed"] for one in sets])
    sides = np.array([scores[one.set_id]["halves"] for one in sets])
    lengths = [[pool.n_tokens[_in(pool, one.rows, s)].mean() for s in ("all", "positives")] for one in sets]
    also = [scores[one.set_id].get("also", {}) for one in sets]
    negatives = [pool.n_tokens[one.rows[~pool.positive[one.rows]]] for one in sets]
    return pa.table(
        {
            "set_id": [one.set_id for one in sets],
            "kind": [one.kind for one in sets],
            "draw": [one.draw for one in sets],
            "half": ["test" if all_test or one.draw % 2 else "choice" for one in sets],
            "n_samples": [len(one.rows) for one in sets],
            "n_tokens": [int(pool.n_tokens[one.rows].sum()) for one in sets],
            "score": seeds.mean(axis=1),
            "score low seed": seeds.min(axis=1),
            "score high seed": seeds.max(axis=1),
            "half a": sides[:, 0],
            "half b": sides[:, 1],
            **{f"also {name}": [others[name] for others in also] for name in also[0]},
            CONTROLS[0]: np.log([length[0] for length in lengths]),
            CONTROLS[1]: np.log([length[1] for length in lengths]),
            CONTROLS[2]: np.log([n.mean() if len(n) else 1.0 for n in negatives]),
            **metrics,
        }
    )


def _in(pool: Pool, rows: np.ndarray, scope: Scope) -> np.ndarray:
    return rows if scope == "all" else rows[pool.positive[rows]]


def _n_relevant(pool: Pool, yardstick: Yardstick) -> int | None:
    return int(yardstick.relevant.sum()) if pool.task == "toxicity" else None
