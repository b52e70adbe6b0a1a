"""Verbs that train small models to see whether data helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fac_core.errors import WrongUse
from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Generator
from fac_core.lab.study.study_files import Study, StudyConfig, open_folder, read_answers, read_config, read_study
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace
from fac_core.workflows.opening import Folder, open_workspace


def study(
    config: Path | str | StudyConfig,
    *,
    show: bool = False,
    workspace: Folder = None,
    on_progress: Progress = silent,
) -> Study:
    """Many training sets of one size: which metric of a set goes with what a model learns from it?

    Resumes. A finished study is measured and concluded anew from its scores.

    Args:
        config: a TOML file with the fields of `StudyConfig`, or one.
        show: read the finished study, and compute nothing.
    """
    settings = config if isinstance(config, StudyConfig) else read_config(Path(config))
    place = open_workspace(workspace)
    if show:
        return read_study(place, settings.name)
    from fac_core.lab.study.run import run_study  # scikit-learn and, for missing states, torch

    chosen_by = read_study(place, settings.chosen_by) if settings.chosen_by else None
    pool = pool_of(settings, place, on_progress=on_progress)
    run_study(pool, settings, open_folder(place, settings), chosen_by=chosen_by, on_progress=on_progress)
    return read_study(place, settings.name)


def baselines(
    config: Path | str | StudyConfig,
    *,
    budget: Literal["samples", "tokens"] = "samples",
    preset: Literal["paper", "calibrated"] = "calibrated",
    n_seed: tuple[int, int] = (15, 60),
    n_added: tuple[int, int] = (25, 100),
    draws: int = 20,
    dose: float = 1.0,
    backbone: tuple[str, int] | None = None,
    others: Mapping[str, Path | str] | None = None,
    sets: Path | str | None = None,
    real: Sequence[str] | None = None,
    hole: bool = False,
    workspace: Folder = None,
    on_progress: Progress = silent,
) -> list[Any]:
    """What to add to a seed at an equal budget: coverage against every alternative. It is kept with the study.

    A list of `comparisons.Compared`.

    Args:
        config: the study whose pool and split are used; only its `task` toxicity can be.
        preset: how coverage is counted.
        n_seed, n_added: positive and negative texts of the seed, and those added.
        dose: share of the budget that is used.
        backbone: model and block that learn, where they are not those of the study (transfer).
        others: JSONL files of texts from elsewhere, by method: a line is `{"text": ..., "label": ...}`.
        sets: folder of `write_sets`: its texts take part, and its sizes and seeds are used in place of those given.
        hole: seeds that lack a topic; of `sets`, what they were written for.
        real: of the methods that pick real texts only these; all by default.
    """
    from fac_core.lab.sets import variants
    from fac_core.lab.sets.baselines import compare_methods
    from fac_core.lab.sets.comparisons import keep_comparison
    from fac_core.lab.sets.material import passages_of, read_material
    from fac_core.lab.sets.picking import METHODS
    from fac_core.lab.sets.pool import split

    settings = config if isinstance(config, StudyConfig) else read_config(Path(config))
    if settings.task != "toxicity":
        raise WrongUse("Baselines add labelled texts to a seed; the study's task has to be toxicity.")
    if not 0 < dose <= 1 or draws < 2:
        raise WrongUse(f"dose is {dose} and draws {draws}; give a dose above 0, up to 1, and two draws or more.")
    place = open_workspace(workspace)
    pool = pool_of(settings, place, on_progress=on_progress)
    states = states_of(settings, place, backbone)
    files = {name: Path(path) for name, path in (others or {}).items()}
    if sets is not None:
        from fac_core.lab.writing.writing import PER_FEATURE
        from fac_core.lab.writing.written_sets import read_spec, set_files

        written = read_spec(Path(sets))
        n_seed, n_added, draws, hole = written.n_seed, written.n_added, written.draws, written.hole
        files |= {name: path for name, path in set_files(Path(sets)).items() if name != PER_FEATURE}
    read = {name: read_material(path, settings.positive, states) for name, path in files.items()}
    inputs = states.of(passages_of(pool), on_progress=on_progress) if backbone else None
    found = compare_methods(
        pool,
        split(pool, settings.split),
        variants.PAPER if preset == "paper" else variants.CALIBRATED,
        n_seed=n_seed,
        n_added=n_added,
        budget=budget,
        draws=draws,
        dose=dose,
        others=read,
        test_inputs=inputs,
        real=tuple(real or METHODS),
        hole=hole,
        on_progress=on_progress,
    )
    asked = {
        "budget": budget,
        "preset": preset,
        "n_seed": n_seed,
        "n_added": n_added,
        "draws": draws,
        "dose": dose,
        "hole": hole,
        "backbone": ":".join(map(str, backbone or ())),
        "texts": ", ".join([*(others or {}), *([Path(sets).name] if sets is not None else [])]),
        "sets": str(Path(sets).resolve()) if sets is not None else "",
        "real": list(real or METHODS),
    }
    keep_comparison(place, settings.name, asked, found)
    return found


def judge_answers(
    study: str,
    ours: str,
    theirs: str,
    generator: Generator | Server,
    *,
    budget: Budget | None = None,
    workspace: Folder = None,
) -> Any:
    """Which of two sets of a finished study of instructions taught to answer better, says a model. A `judging.Judged`.

    Every pair of answers is shown in both orders; what was asked once is not paid again.

    Args:
        ours, theirs: sets of the study, such as `random 0`.
        budget: what may be spent; without one there is no cap.
    """
    from fac_core.lab.tasks.answer_judge import judge
    from fac_core.lab.tasks.checks import checks

    place = open_workspace(workspace)
    sides = [[a for seed in read_answers(place, study, one) for a in seed] for one in (ours, theirs)]
    asked = [check.instruction for check in checks()]
    writer = OpenAICompatible(generator) if isinstance(generator, Server) else generator
    paid_once = Cached(Budgeted(writer, budget or Budget()), place.answers())
    return judge(paid_once, asked * (len(sides[0]) // len(asked)), *sides)


def states_of(config: StudyConfig, place: Workspace, backbone: tuple[str, int] | None) -> Any:
    """The states that a head learns from (`states.States`): of the study's backbone, or of another one."""
    from fac_core.lab.tasks.states import States

    model, block = backbone or (config.model, config.block)
    return States(model, block, place.folder / "cache", context=config.context, dtype=config.dtype)


def pool_of(config: StudyConfig, place: Workspace, *, on_progress: Progress = silent) -> Any:
    """The pool that a study draws from (`fac_core.lab.sets.pool.Pool`)."""
    from fac_core.lab.sets.pool import instructions, labelled, preferences

    states = states_of(config, place, None)
    with place.run(config.run) as run:
        if config.task == "instructions":
            return instructions(run, states, on_progress=on_progress)
        if config.rejected is None:
            return labelled(run, config.field, config.positive, states, on_progress=on_progress)
        with place.run(config.rejected) as rejected:
            return preferences(run, rejected, states, on_progress=on_progress)


def steer(
    items: Path | str,
    *,
    model: str = "smollm2-135m",
    block: int = 16,
    share: float = 0.5,
    n_train: int = 50,
    n_test: int = 100,
    seeds: int = 3,
    on_progress: Progress = silent,
) -> list[Any]:
    """Steer a behaviour by a vector from A/B items; one `steering.Steered` a seed, which draws the items."""
    from fac_core.lab.tasks.steering import Steerable, read_items, steer

    found = read_items(Path(items), n_train + n_test)
    steerable = Steerable(model, block, share=share)
    results = []
    for seed in range(seeds):
        order = np.random.default_rng(seed).permutation(len(found))[: n_train + n_test]
        drawn = [found[i] for i in order]
        results.append(steer(steerable, drawn[:n_train], drawn[n_train:]))
        on_progress(seed + 1, seeds, "seeds")
    return results
