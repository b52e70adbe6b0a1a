"""One feature from both sides: what fires it in the anchor, what fires it or almost does in the run, and why it is missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.gaps import gaps
from fac_core.coverage.states import State, feature_states
from fac_core.evidence.examples import Example, PeakWord, check_feature, peak_words
from fac_core.evidence.groups import Evidence, evidence
from fac_core.gaps.causes import Cause, why_uncovered
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class FeatureEvidence:
    """What anchor and run show of a feature."""

    feature_id: int
    state: State
    words: tuple[PeakWord, ...]
    """On which it peaks in the anchor."""
    cause: Cause | None
    """Why it is a gap; None if it is none."""
    remedy: str | None
    nearest_miss: Example | None
    """The run's strongest sample at or below δ; None if nothing fires it there."""
    anchor: Evidence
    run: Evidence


def feature_evidence(
    run: RunFile,
    anchor: RunFile,
    feature_id: int,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    seed: int = 0,
) -> FeatureEvidence:
    """A feature's evidence in anchor and run, with the same δ, and for a gap why it is uncovered.

    Raises `NotFound` for an id that the SAE has not, `ModelMismatch` and `EmptyAnchor` as `coverage` does.
    """
    check_feature(anchor, feature_id)
    standing = feature_states(run, anchor, definition, relevant).slice(feature_id, 1).to_pylist()[0]
    why: dict[str, Cause | str | None] = {"cause": None, "remedy": None}
    if standing["state"] in ("weak", "uncovered"):
        causes = why_uncovered(run, anchor, definition, relevant)
        why = next(row for row in causes.to_pylist() if row["feature_id"] == feature_id)
    ours = evidence(run, feature_id, standing["delta"], seed=seed)
    return FeatureEvidence(
        feature_id=feature_id,
        state=standing["state"],
        words=peak_words(anchor, [feature_id])[feature_id],
        cause=why["cause"],  # type: ignore[arg-type]
        remedy=why["remedy"],
        nearest_miss=next((one.example for one in ours.group("near miss").examples), None),
        anchor=evidence(anchor, feature_id, standing["delta"], seed=seed),
        run=ours,
    )


def with_evidence(
    ranked: pa.Table,
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
) -> pa.Table:
    """Ranked gaps in their order, each with the anchor's evidence (`coverage.gaps.gaps`) beside what it is ranked by."""
    found = gaps(run, anchor, definition, relevant)
    places = pc.index_in(ranked["feature_id"], found["feature_id"])  # type: ignore[attr-defined]
    found = found.take(places)
    for name in ranked.column_names:
        if name not in found.column_names:
            found = found.append_column(name, ranked[name])
    return found
