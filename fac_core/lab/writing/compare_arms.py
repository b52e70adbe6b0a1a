"""Which way of writing closes most gaps, at equal numbers of generated tokens? The comparison from end to end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fac_core.coverage.definition import PAPER, Definition
from fac_core.errors import WrongUse
from fac_core.generators.cache import Cached
from fac_core.lab.markdown import markdown
from fac_core.lab.writing.arms import ARMS, ArmSummary, Cell, as_table, cells, summary
from fac_core.progress import Progress, silent
from fac_core.store.answers import Answers
from fac_core.store.workspace import Workspace
from fac_core.synthesis.spec import SynthesisSpec
from fac_core.view import View
from fac_core.whole import write_whole
from fac_core.workflows.synthesise import generator_of, judge_of, prepared

THRESHOLDS = {"0": PAPER, "anchor median": Definition(quantile=0.5)}
"""δ at which closure is counted."""


@dataclass(frozen=True)
class ArmsSpec:
    """What to compare on. Raises `WrongUse` for a way of writing that there is not."""

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
    arms: tuple[str, ...] = tuple(ARMS)
    """Ways of writing, of `ARMS`."""

    def __post_init__(self) -> None:
        if unknown := [arm for arm in self.arms if arm not in ARMS]:
            raise WrongUse(f"There is no way of writing {unknown[0]!r}; there are {', '.join(ARMS)}.")


def compare_arms(
    spec: ArmsSpec, folder: Path, workspace: Workspace, *, on_progress: Progress = silent
) -> list[ArmSummary]:
    """Compare ways of writing. Resumes: answers are kept in `folder`, with what they cost, beside the results.

    Writes `cells.json` (each arm, δ and seed), `candidates.jsonl` and `table.md`.
    """
    view = View.find(spec.seed, spec.anchor, workspace=workspace)
    missing = np.array(view.coverage().missing)
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
    found = {name: prepared(replace(base, definition=d), workspace) for name, d in THRESHOLDS.items()}
    judge = judge_of(view.q, view.p)
    writer = generator_of(base, workspace, view.anchor)
    made_cells = cells(
        {name: looked_up.targets for name, looked_up in found.items()},
        base,
        found["0"].template,
        Cached(writer, Answers(folder / "answers.sqlite"), as_first_paid=True),
        judge,
        tokens=spec.tokens,
        seeds=spec.seeds,
        arms=spec.arms,
        on_progress=on_progress,
    )
    results: list[Cell] = []
    kept: list[dict[str, Any]] = []
    for cell, made in made_cells:
        results.append(cell)
        kept += [{"arm": cell.arm, "δ": cell.delta, "seed": cell.seed, **asdict(candidate)} for candidate in made]
        _write(folder, results, kept)
    return summary(results)


def _write(folder: Path, results: Sequence[Cell], kept: Sequence[dict[str, Any]]) -> None:
    write_whole(
        folder / "cells.json", json.dumps([{**asdict(cell), "closure": cell.closure} for cell in results], indent=1)
    )
    write_whole(folder / "table.md", markdown(*as_table(summary(results))))
    write_whole(folder / "candidates.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept))
