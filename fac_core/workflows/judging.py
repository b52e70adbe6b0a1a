"""Verbs about relevance: judges say whether a feature matters for a task, and one sees how much hangs on what they said."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from fac_core.coverage.active import active, anchor_features, thresholds
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.errors import WrongUse
from fac_core.evidence.examples import check_feature
from fac_core.naming.level import Level
from fac_core.relevance import statistic
from fac_core.relevance.noise import NoiseEffect, flip_effect
from fac_core.relevance.rubric import rubric
from fac_core.relevance.verdicts import Relevance, Verdict, relevant_ids
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace
from fac_core.workflows.opening import Folder, open_anchor, open_pair, open_workspace


def judge_by_statistic(
    task: str,
    field: str = "label",
    value: str = "1",
    run: str | None = None,
    *,
    workspace: Folder = None,
    definition: Definition = CALIBRATED,
) -> pa.Table:
    """Judge every feature's relevance by its association with a label of the samples, text length held fixed.

    Args:
        task: a built-in rubric or a `.toml` file; verdicts are kept under its name.
        field, value: samples whose metadata field has this value are positive.
    """
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        cases = statistic.by_label(opened, field, value, thresholds=thresholds(opened, definition))
        return _recorded(task, cases, f"{field} = {value}", place, opened)


def judge_against_background(
    task: str,
    background: str,
    anchor: str | None = None,
    *,
    workspace: Folder = None,
    definition: Definition = CALIBRATED,
) -> pa.Table:
    """Judge every feature's relevance by how much more it fires in the anchor than in a run of other texts.

    For an anchor that is the task: whatever sets it apart from texts of any kind matters. Length is held fixed.
    """
    place = open_workspace(workspace)
    with open_anchor(place, anchor) as ours, place.run(background) as theirs:
        cases = statistic.against_background(ours, theirs, thresholds=thresholds(ours, definition))
        return _recorded(task, cases, f"{ours.info.name} against {theirs.info.name}", place, ours)


def _recorded(task: str, cases: statistic.Cases, contrast: str, place: Workspace, run: RunFile) -> pa.Table:
    found = statistic.association(cases)
    verdicts = {
        row["feature_id"]: Verdict(
            row["feature_id"],
            row["level"],
            "statistic",
            f"odds ratio {row['odds_ratio']:.1f} ({row['low']:.1f} to {row['high']:.1f}) for {contrast}, length held fixed",
            score=row["odds_ratio"],
        )
        for row in found.to_pylist()
    }
    Relevance(place.events(), run.info.space_id, rubric(task).task).record(verdicts, author="statistic")
    return found


def relevance(task: str, run: str | None = None, *, workspace: Folder = None) -> dict[int, Verdict]:
    """The verdict that holds for each judged feature: a person's before an LLM's before the statistic's."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return Relevance(place.events(), opened.info.space_id, rubric(task).task).all()


def relevant_features(
    task: str, least: Level = "maybe", run: str | None = None, *, workspace: Folder = None
) -> frozenset[int]:
    """The features judged `least` or above: what every verb takes as `relevant`. Who was not judged does not count.

    Raises `WrongUse` where nobody has judged yet.
    """
    verdicts = relevance(task, run, workspace=workspace)
    if not verdicts:
        raise WrongUse(f"No feature has a verdict for {task!r} yet. `fac relevance {task}` judges them.")
    return relevant_ids({feature: verdict.level for feature, verdict in verdicts.items()}, least)


def set_relevance(
    task: str,
    feature_id: int,
    level: Level,
    *,
    author: str,
    reason: str = "",
    run: str | None = None,
    workspace: Folder = None,
) -> Verdict:
    """A person's verdict, which holds over an LLM's and the statistic's. Returns the one that now holds.

    Raises `NotFound` for a feature or a rubric that there is not, `WrongUse` for a level that there is not.
    """
    named = rubric(task).task
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        check_feature(opened, feature_id)
        judged = Relevance(place.events(), opened.info.space_id, named)
        judged.record({feature_id: Verdict(feature_id, level, "person", reason)}, author=author)
        return judged.all()[feature_id]


def relevance_noise(
    task: str,
    share: float,
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    strictness: Level = "maybe",
    repeats: int = 20,
    seed: int = 0,
    workspace: Folder = None,
) -> NoiseEffect:
    """What becomes of the relevant gaps when a share of the verdicts is flipped at random (the paper's Tab. 6)."""
    named = rubric(task).task
    place = open_workspace(workspace)
    with open_pair(workspace, run, anchor) as (q, p):
        features = anchor_features(p, definition)
        missing = features.can_occur & ~active(q, features.thresholds, definition.min_count)
        relevant = relevant_ids(Relevance(place.events(), p.info.space_id, named).levels(), strictness)
        ids = np.flatnonzero(missing).tolist()
        return flip_effect(relevant, ids, p.info.d_sae, share, repeats=repeats, seed=seed)
