"""The verb that compares ways of writing: gap closure at equal numbers of generated tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.gaps import gaps
from fac_core.errors import WrongUse
from fac_core.progress import Progress, silent
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.workflows.opening import Folder, open_pair
from fac_core.workflows.synthesise import made_by, prepared, their_judge

if TYPE_CHECKING:
    from fac_core.lab.writing.arms import Row

THRESHOLDS = {"0": PAPER, "anchor median": Definition(quantile=0.5)}
"""δ at which closure is counted."""


@dataclass(frozen=True)
class StudySpec:
    """What to compare on."""

    seed: str | None = None
    anchor: str | None = None
    n_targets: int = 100
    """Gaps under the paper's definition, drawn at random once for all arms and seeds."""
    tokens: int = 96
    """Generated for each target and arm."""
    seeds: tuple[int, ...] = (0, 1, 2)
    max_tokens: int = 32
    """Of one candidate."""
    at_once: int = 4
    """Candidates asked for together in the ways that are not pooled."""
    arms: tuple[str, ...] = ()
    """Ways of writing, of `study.ARMS`; empty for all."""


def study_synthesis(
    spec: StudySpec, folder: Path | str, *, workspace: Folder = None, on_progress: Progress = silent
) -> list[Row]:
    """Compare ways of writing (`study.ARMS`). Resumes: answers are kept in `folder`, beside the results.

    Writes `cells.json` (each arm, δ and seed), `candidates.jsonl` and `table.md`.
    """
    from fac_core.lab.writing import arms as study

    if unknown := [arm for arm in spec.arms if arm not in study.ARMS]:
        raise WrongUse(f"There is no way of writing {unknown[0]!r}; there are {', '.join(study.ARMS)}.")
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with open_pair(workspace, spec.seed, spec.anchor) as (q, p):
        missing = np.array(sorted(gaps(q, p)["feature_id"].to_pylist()))
        chosen = np.sort(np.random.default_rng(0).permutation(missing)[: spec.n_targets])
        base = SynthesisSpec(
            targets=tuple(chosen.tolist()),
            seed=spec.seed,
            anchor=spec.anchor,
            steps=("one step", "two steps", "steered", "guided"),
            n=spec.at_once,
            m=spec.at_once,
            max_tokens=spec.max_tokens,
            generator="steered",
        )
        found = {name: prepared(replace(base, definition=d), workspace=workspace) for name, d in THRESHOLDS.items()}
        judge = their_judge(q, p, None)
        generator = study.Remembered(made_by(base, p), place / "answers.jsonl")
    template = found["0"].template
    targets = {name: one.targets for name, one in found.items()}
    results: list[study.Cell] = []
    kept: list[dict[str, Any]] = []
    for cell, made in study.cells(
        targets,
        base,
        template,
        generator,
        judge,
        tokens=spec.tokens,
        seeds=spec.seeds,
        arms=spec.arms or tuple(study.ARMS),
        on_progress=on_progress,
    ):
        results.append(cell)
        kept += [{"arm": cell.arm, "δ": cell.delta, "seed": cell.seed, **asdict(one)} for one in made]
        _write(place, results, kept)
    return study.summary(results)


def _write(place: Path, results: Sequence[Any], kept: Sequence[dict[str, Any]]) -> None:
    from fac_core.lab.writing import arms as study

    cells = [{**asdict(one), "closure": one.closure} for one in results]
    (place / "cells.json").write_text(json.dumps(cells, indent=1), encoding="utf-8")
    (place / "table.md").write_text(study.markdown(study.summary(results)), encoding="utf-8")
    lines = (json.dumps(one, ensure_ascii=False) for one in kept)
    (place / "candidates.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
