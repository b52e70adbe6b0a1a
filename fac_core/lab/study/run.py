"""FAC against performance: many training sets of one size, one score and every metric of each (`conclusion.py` compares)."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fac_core.coverage.definition import CALIBRATED
from fac_core.lab.sets.kinds_of_sets import Ground, TrainingSet, draw_sets
from fac_core.lab.sets.pool import Pool, pool_of, split
from fac_core.lab.sets.text_measures import as_read, measures
from fac_core.lab.sets.variants import QUANTILES, Scope, Yardstick, carried, in_scope, threshold_name, variants
from fac_core.lab.study.conclusion import CONTROLS, LIKENESS, agreement, conclude
from fac_core.lab.study.study_files import Study, StudyConfig, open_folder, read_scores, read_study, write_study
from fac_core.lab.tasks.learning import METRICS, head, learned, lora
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace


def study(config: StudyConfig, workspace: Workspace, *, on_progress: Progress = silent) -> Study:
    """Many training sets of one size: which metric of a set goes with what a model learns from it?

    Interrupted, the same call goes on. A finished study is measured and concluded anew from its scores.

    Raises what its settings and runs raise (`open_folder`, `pool_of`).
    """
    chosen_by = read_study(workspace, config.chosen_by) if config.chosen_by else None
    pool = pool_of(config, workspace, on_progress=on_progress)
    run_study(pool, config, open_folder(workspace, config), chosen_by=chosen_by, on_progress=on_progress)
    return read_study(workspace, config.name)


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
    n_relevant = int(yardstick.relevant.sum()) if pool.task == "toxicity" else None
    summary |= {"n_train_rows": len(parts.train), "n_anchor": len(parts.anchor), "n_relevant": n_relevant}
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
        s: min(int(pool.n_tokens[in_scope(pool, one.rows, s)].sum()) for one in sets) for s in scopes
    }
    fac = np.stack([yardstick.fac(one.rows, chosen, budget=budget, seed=one.draw) for one in sets])
    found = {variant.name: fac[:, i] for i, variant in enumerate(chosen)}
    for quantile, scope in product(QUANTILES, scopes):
        name = f"overlap {threshold_name(quantile)} {scope}"
        found[name] = np.array([yardstick.overlap(one.rows, quantile, scope) for one in sets])
    found[LIKENESS] = -np.log([yardstick.discrepancy(one.rows, CALIBRATED.quantile) for one in sets])
    texts_of_pool = as_read(pool.texts, pool.points - pool.points[ground].mean(axis=0))
    for scope in scopes:
        rows = [in_scope(pool, one.rows, scope) for one in sets]
        texts = [measures(texts_of_pool, r) for r in rows]
        found |= {f"text {name} {scope}": np.array([t[name] for t in texts]) for name in texts[0]}
        found[f"size log length {scope}"] = np.log([pool.n_tokens[r].mean() for r in rows])
        per_sample = np.diff(pool.activations.indptr)
        found[f"size features a sample {scope}"] = np.array([per_sample[r].mean() for r in rows])
    return found


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
    halves = np.array([scores[one.set_id]["halves"] for one in sets])
    also = [scores[one.set_id].get("also", {}) for one in sets]
    sides = [(one.rows, pool.of(True, one.rows), pool.of(False, one.rows)) for one in sets]
    lengths = np.array([[pool.n_tokens[rows].mean() if len(rows) else 1.0 for rows in parts] for parts in sides])
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
            "half a": halves[:, 0],
            "half b": halves[:, 1],
            **{f"also {name}": [others[name] for others in also] for name in also[0]},
            **dict(zip(CONTROLS, np.log(lengths).T, strict=True)),
            **metrics,
        }
    )
