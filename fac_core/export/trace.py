"""The whole chain behind a candidate: gap, triage, prompt, versions, check, reviews, rows of exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fac_core.curation.review import Reviews, State
from fac_core.curation.triage import Triage
from fac_core.errors import NotFound
from fac_core.evidence.examples import peak_words
from fac_core.naming.labels import Labels
from fac_core.store.events import Event
from fac_core.store.workspace import Where, Workspace
from fac_core.synthesis.batches import find_batch
from fac_core.synthesis.candidates import Batch, Candidate, Candidates

_CANDIDATE, _EXPORT = "candidate", "export"


@dataclass(frozen=True)
class ExportedRow:
    """A row of an export that a candidate became."""

    file: str
    row: int
    """From 0."""
    version: int
    """Of the candidate."""
    author: str
    at: str


@dataclass(frozen=True)
class Chain:
    """Everything that led to a candidate, and where it went."""

    candidate_id: str
    feature_id: int
    label: str | None
    words: str
    """On which the feature peaks in the anchor."""
    triage: tuple[Event, ...]
    """Decisions about the gap, the oldest first."""
    batch: Batch
    versions: tuple[Candidate, ...]
    """The oldest first; the last one holds. Each has its prompt, generator, parameters, activation and verdict."""
    reviews: tuple[Event, ...]
    """Decisions about the candidate, undos among them, the oldest first."""
    state: State
    rows: tuple[ExportedRow, ...]
    """Of every export, the oldest first."""


def trace(candidate_id: str, *, workspace: Where = None) -> Chain:
    """From a candidate, or the id of an exported row, back to its gap and forward to its rows. Raises `NotFound`.

    >>> fac.trace("no such id", workspace=view.workspace)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    fac_core.errors.NotFound: There is no candidate 'no such id' in ...
    """
    workspace = Workspace.at(workspace)
    log = workspace.events()
    scopes = log.scopes(_CANDIDATE, candidate_id)
    if not scopes:
        raise NotFound(
            f"There is no candidate {candidate_id!r} in {workspace.folder}. `fac review` lists candidates; "
            "in an exported row it is `fac_candidate`."
        )
    batch = find_batch(workspace, scopes[0])
    versions = tuple(Candidates(log).history(batch.batch_id, candidate_id))
    held = versions[-1]
    reviews = Reviews(log, batch.batch_id)
    with workspace.run(batch.anchor_run_id) as anchor:
        words = ", ".join(word.word for word in peak_words(anchor, [held.feature_id])[held.feature_id])
    label = Labels(log, batch.space_id).of(held.feature_id)
    return Chain(
        candidate_id=candidate_id,
        feature_id=held.feature_id,
        label=label.text if label else None,
        words=words,
        triage=Triage.of(workspace, workspace.info(batch.anchor_run_id)).history(held.feature_id),
        batch=batch,
        versions=versions,
        reviews=reviews.history(candidate_id),
        state=reviews.states({candidate_id: held})[candidate_id],
        rows=tuple(_row(event) for event in log.history(batch.batch_id, _EXPORT, candidate_id)),
    )


def _row(event: Event) -> ExportedRow:
    said: dict[str, Any] = event.payload
    return ExportedRow(said["file"], said["row"], said["version"], event.author, event.at)
