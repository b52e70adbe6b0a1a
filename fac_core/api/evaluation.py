"""Verbs that train small models to see whether data helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fac_core.api.opening import Folder, open_workspace
from fac_core.evaluation.study_files import Study, StudyConfig, open_folder, read_config, read_study
from fac_core.progress import Progress, silent
from fac_core.store.workspace import Workspace


def study(config: Path | str | StudyConfig, *, workspace: Folder = None, on_progress: Progress = silent) -> Study:
    """Many training sets of one size: which metric of a set goes with what a model learns from it?

    Resumes. A finished study is measured and concluded anew from its scores.

    Args:
        config: a TOML file with the fields of `StudyConfig`, or one.
    """
    from fac_core.evaluation.study import run_study  # scikit-learn and, for missing states, torch

    settings = config if isinstance(config, StudyConfig) else read_config(Path(config))
    place = open_workspace(workspace)
    chosen = read_study(place, settings.chosen_by).summary["chosen"] if settings.chosen_by else None
    pool = pool_of(settings, place, on_progress=on_progress)
    run_study(pool, settings, open_folder(place, settings), chosen=chosen, on_progress=on_progress)
    return read_study(place, settings.name)


def pool_of(config: StudyConfig, place: Workspace, *, on_progress: Progress = silent) -> Any:
    """The pool that a study draws from (`fac_core.evaluation.pool.Pool`)."""
    from fac_core.evaluation.pool import labelled, preferences
    from fac_core.evaluation.states import States

    states = States(config.model, config.block, place.folder / "cache", context=config.context, dtype=config.dtype)
    with place.run(config.run) as run:
        if config.rejected is None:
            return labelled(run, config.field, config.positive, states, on_progress=on_progress)
        with place.run(config.rejected) as rejected:
            return preferences(run, rejected, states, on_progress=on_progress)
