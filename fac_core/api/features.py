"""Verbs about features: what fires them, what they are called, whether they matter, why they are missing. No model runs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from fac_core.api.opening import Folder, open_anchor, open_pair, open_workspace
from fac_core.coverage import gaps as gap_list
from fac_core.coverage.active import strongest, thresholds
from fac_core.coverage.definition import CALIBRATED, PAPER, Definition
from fac_core.features import causes, evidence
from fac_core.features.labels import Label, Labels, trust_of
from fac_core.features.lexical import LexicalLabel, lexical_labels
from fac_core.features.priority import Weights, priority
from fac_core.features.relevance import statistic
from fac_core.features.relevance.rubric import rubric
from fac_core.features.relevance.verdicts import Relevance, Verdict
from fac_core.store.events import Event


def top(
    feature_id: int, run: str | None = None, *, workspace: Folder = None, n: int = 10
) -> tuple[evidence.Example, ...]:
    """The samples that fire a feature most; of the anchor unless another run is named."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return evidence.top_examples(opened, feature_id, n)


def why(
    run: str | None = None, anchor: str | None = None, definition: Definition = PAPER, *, workspace: Folder = None
) -> pa.Table:
    """Why each gap is uncovered, and what would mend it."""
    with open_pair(workspace, run, anchor) as (q, p):
        return causes.why_uncovered(q, p, definition)


def label_features(
    run: str | None = None, *, workspace: Folder = None, definition: Definition = CALIBRATED
) -> dict[int, LexicalLabel]:
    """Label all features by the words that set them apart, score the labels, and keep them in the log.

    Of the anchor unless another run is named; a feature fires above the definition's thresholds.
    """
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        found = lexical_labels(opened, thresholds=thresholds(opened, definition))
        Labels(place.events(), opened.info.space_id).record(found)
        return found


def labels(run: str | None = None, *, workspace: Folder = None) -> dict[int, Label]:
    """The label that holds for each labelled feature of a run's space."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return Labels(place.events(), opened.info.space_id).all()


def rename(feature_id: int, text: str, *, author: str, run: str | None = None, workspace: Folder = None) -> Event:
    """A person's label, which holds over any machine's. The history stays."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        evidence.check_feature(opened, feature_id)
        return Labels(place.events(), opened.info.space_id).rename(feature_id, text, author=author)


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
    named = rubric(task).task
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        cases = statistic.by_label(opened, field, value, thresholds=thresholds(opened, definition))
        found = statistic.association(cases)
        verdicts = {
            row["feature_id"]: Verdict(
                row["feature_id"],
                row["level"],
                "statistic",
                f"odds ratio {row['odds_ratio']:.1f} ({row['low']:.1f} to {row['high']:.1f}) for {field} = {value}, length held fixed",
                score=row["odds_ratio"],
            )
            for row in found.to_pylist()
        }
        Relevance(place.events(), opened.info.space_id, named).record(verdicts, author="statistic")
        return found


def relevance(task: str, run: str | None = None, *, workspace: Folder = None) -> dict[int, Verdict]:
    """The verdict that holds for each judged feature: a person's before an LLM's before the statistic's."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return Relevance(place.events(), opened.info.space_id, rubric(task).task).all()


def prioritised_gaps(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    task: str | None = None,
    weights: Weights = Weights(),
    workspace: Folder = None,
) -> pa.Table:
    """The gaps ranked by priority, its parts beside it; with a task, relevance counts."""
    place = open_workspace(workspace)
    with open_pair(workspace, run, anchor) as (q, p):
        found = gap_list.gaps(q, p, definition, relevant)
        ids = found["feature_id"].to_numpy()
        nearness = strongest(q, 1)[ids] / np.maximum(thresholds(p, definition)[ids], np.finfo(np.float32).tiny)
        trust = trust_of(Labels(place.events(), p.info.space_id).all())
        verdicts = Relevance(place.events(), p.info.space_id, rubric(task).task).all() if task else {}
        levels = {feature: verdict.level for feature, verdict in verdicts.items()}
        return priority(found, nearness, levels, trust, weights)
