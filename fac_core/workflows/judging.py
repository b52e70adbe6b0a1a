"""Does a feature matter for the task? Judges without a model; a person's word; how much hangs on what they said."""

from __future__ import annotations

import pyarrow as pa

from fac_core.coverage.active import thresholds
from fac_core.coverage.definition import CALIBRATED, Definition
from fac_core.evidence.examples import check_feature
from fac_core.naming.level import Level
from fac_core.relevance import statistic
from fac_core.relevance.rubric import rubric
from fac_core.relevance.verdicts import Relevance, Verdict
from fac_core.store.log.over import seen_unless_others
from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Where, Workspace


def relevance_of(task: str, workspace: Where = None, run: str | None = None) -> Relevance:
    """The verdicts for a task in the anchor's, or another run's, feature space.

    Args:
        task: a built-in rubric or a `.toml` file; verdicts are kept under its name. Raises `NotFound` for neither.
    """
    workspace = Workspace.at(workspace)
    return Relevance(workspace.events(), workspace.info(run).space_id, rubric(task).task)


def judge_by_statistic(
    task: str,
    field: str = "label",
    value: str = "1",
    run: str | None = None,
    *,
    workspace: Where = None,
    definition: Definition = CALIBRATED,
) -> pa.Table:
    """Judge every feature's relevance by its association with a label of the samples, text length held fixed.

    Args:
        field, value: samples whose metadata field has this value are positive.

    Returns one row a feature: `feature_id`, `odds_ratio` with `low` and `high` (95 %), `q`, `level`; see
    `relevance.statistic.association`. Raises `WrongUse` where no sample, or every one, is positive.

    >>> fac.judge_by_statistic("toxicity", "set", "law", workspace=scratch).num_rows
    8
    """
    workspace = Workspace.at(workspace)
    opened = workspace.opened(run)
    cases = statistic.by_label(opened, field, value, thresholds=thresholds(opened, definition))
    return _recorded(task, cases, f"{field} = {value}", workspace, opened)


def judge_against_background(
    task: str,
    background: str,
    anchor: str | None = None,
    *,
    workspace: Where = None,
    definition: Definition = CALIBRATED,
) -> pa.Table:
    """Judge every feature's relevance by how much more it fires in the anchor than in a run of other texts.

    For an anchor that is the task: whatever sets it apart from texts of any kind matters. Length is held fixed. Returns what
    `judge_by_statistic` does.
    """
    workspace = Workspace.at(workspace)
    ours, theirs = workspace.opened(anchor), workspace.opened(background)
    cases = statistic.against_background(ours, theirs, thresholds=thresholds(ours, definition))
    return _recorded(task, cases, f"{ours.info.name} against {theirs.info.name}", workspace, ours)


def _recorded(task: str, cases: statistic.Cases, contrast: str, workspace: Workspace, run: RunFile) -> pa.Table:
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
    relevance_of(task, workspace, run.info.run_id).record(verdicts, author="statistic")
    return found


def set_relevance(
    task: str,
    feature_id: int,
    level: Level,
    *,
    author: str,
    reason: str = "",
    over: str | None = None,
    run: str | None = None,
    workspace: Where = None,
) -> Verdict:
    """A person's verdict, which holds over an LLM's and the statistic's. Returns the one that now holds.

    Raises `NotFound` for a feature or a rubric that there is not, `WrongUse` for a level that there is not, `Conflict` where
    somebody else, but for `over`, has judged it.
    """
    workspace = Workspace.at(workspace)
    judged = relevance_of(task, workspace, run)
    check_feature(workspace.opened(run), feature_id)
    seen_unless_others(judged.history(feature_id), [f"{feature_id}:person"], author, over)
    judged.record({feature_id: Verdict(feature_id, level, "person", reason)}, author=author)
    return judged.all()[feature_id]
