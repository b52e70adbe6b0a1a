"""Verbs about features: what fires them, why they are missing, which gap comes first. No model runs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from fac_core.coverage import gaps as gap_list
from fac_core.coverage.active import strongest, thresholds
from fac_core.coverage.definition import PAPER, Definition
from fac_core.evidence import co_activation as co_activating
from fac_core.evidence.examples import Example, top_examples
from fac_core.gaps import causes
from fac_core.gaps.gap_evidence import FeatureEvidence, feature_evidence
from fac_core.gaps.priority import Weights, priority
from fac_core.naming.labels import Labels
from fac_core.relevance.rubric import rubric
from fac_core.relevance.verdicts import Relevance
from fac_core.workflows.opening import Folder, open_anchor, open_pair, open_workspace


def top(feature_id: int, run: str | None = None, *, workspace: Folder = None, n: int = 10) -> tuple[Example, ...]:
    """The samples that fire a feature most; of the anchor unless another run is named."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return top_examples(opened, feature_id, n)


def evidence(
    feature_id: int,
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    seed: int = 0,
) -> FeatureEvidence:
    """What fires a feature in the anchor and in the run, what almost does, and for a gap why it is uncovered."""
    with open_pair(workspace, run, anchor) as (q, p):
        return feature_evidence(q, p, feature_id, definition, seed=seed)


def co_activation(
    feature_id: int,
    run: str | None = None,
    definition: Definition = PAPER,
    *,
    workspace: Folder = None,
    n: int = co_activating.N_NEIGHBOURS,
) -> pa.Table:
    """The features that fire in the same samples; of the anchor unless another run is named."""
    place = open_workspace(workspace)
    with place.run(run) if run else open_anchor(place) as opened:
        return co_activating.co_activation(opened, feature_id, thresholds(opened, definition), n)


def why(
    run: str | None = None,
    anchor: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> pa.Table:
    """Why each gap is uncovered, and what would mend it."""
    with open_pair(workspace, run, anchor) as (q, p):
        return causes.why_uncovered(q, p, definition, relevant)


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
        trust = Labels(place.events(), p.info.space_id).names().trust
        levels = Relevance(place.events(), p.info.space_id, rubric(task).task).levels() if task else {}
        return priority(found, nearness, levels, trust, weights)
