"""Verbs about candidates: where a batch stands, decide, edit, export, trace. No model runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path

from fac_core.coverage.definition import PAPER, Definition
from fac_core.curation import standing as standings
from fac_core.curation.controls import Controls
from fac_core.curation.review import Choice, Reviews
from fac_core.errors import NotFound, WrongUse
from fac_core.export import trace as tracing
from fac_core.export.plan import ExportPlan, plan_export
from fac_core.export.shapes import Shape
from fac_core.export.write import Exported, Format, write_export
from fac_core.store.events import Event
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch, Candidate, Candidates
from fac_core.workflows.opening import Folder, open_workspace
from fac_core.workflows.synthesise import batches


def standing(
    batch_id: str | None = None,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    workspace: Folder = None,
) -> standings.Standing:
    """Where a batch stands: candidates, decisions, coverage now and if accepted. The newest batch by default."""
    place = open_workspace(workspace)
    batch = _batch(place, batch_id)
    with place.run(batch.seed_run_id) as seed, place.run(batch.anchor_run_id) as anchor:
        return standings.standing(place, batch, seed, anchor, definition, relevant)


def review(
    candidate_ids: Sequence[str],
    choice: Choice,
    *,
    author: str,
    reason: str = "",
    note: str = "",
    workspace: Folder = None,
) -> list[Event]:
    """Decide about candidates by id, for those of one batch all or none.

    Raises `NotFound` for an id that there is not, `WrongUse` for a decision that is not allowed (see `Reviews.decide`).
    """
    place = open_workspace(workspace)
    events: list[Event] = []
    for batch_id, members in _by_batch(place, candidate_ids).items():
        reviews = Reviews(place.events(), batch_id)
        events += reviews.decide_many(members, choice, author=author, reason=reason, note=note)
    return events


def edit_candidate(candidate_id: str, text: str, *, author: str, workspace: Folder = None) -> Event:
    """Other words for a candidate; they count once they were verified."""
    place = open_workspace(workspace)
    ((batch_id, (candidate,)),) = _by_batch(place, [candidate_id]).items()
    return Reviews(place.events(), batch_id).edit(candidate, text, author=author)


def undo_review(batch_id: str | None = None, *, author: str, workspace: Folder = None) -> list[Event]:
    """Take back this author's newest act in a batch; the same of what is returned is a redo."""
    place = open_workspace(workspace)
    reviews = Reviews(place.events(), _batch(place, batch_id).batch_id)
    return reviews.undo(reviews.last(author), author=author)


def mix_in_controls(batch_id: str | None = None, n: int = 10, *, author: str, workspace: Folder = None) -> int:
    """Mix up to n real texts unmarked into a batch, to measure its reviewers; returns how many there are now."""
    place = open_workspace(workspace)
    batch = _batch(place, batch_id)
    controls = Controls(place.events(), batch.batch_id)
    with place.run(batch.anchor_run_id) as anchor:
        controls.mix_in(anchor, Candidates(place.events()).of(batch.batch_id).values(), n, author=author)
    return len(controls.ids())


def plan_dataset(
    batch_ids: Sequence[str], *, shape: Shape | None = None, merged: bool = False, workspace: Folder = None
) -> ExportPlan:
    """What an export of some batches will hold. Raises `WrongUse` as `plan_export` does."""
    place = open_workspace(workspace)
    if not batch_ids:
        raise WrongUse("Name the batches to export; `fac review` lists them.")
    chosen = [standings.find_batch(place, one) for one in dict.fromkeys(batch_ids)]
    with ExitStack() as stack:
        seed = stack.enter_context(place.run(chosen[0].seed_run_id))
        anchor = stack.enter_context(place.run(chosen[0].anchor_run_id))
        return plan_export(place, chosen, seed, anchor, shape=shape, merged=merged)


def export_dataset(
    batch_ids: Sequence[str],
    folder: Path | str,
    *,
    shape: Shape | None = None,
    file_format: Format = "jsonl",
    merged: bool = False,
    author: str = "anonymous",
    workspace: Folder = None,
) -> Exported:
    """Write the accepted candidates of some batches as a dataset with its card.

    `encode` of the returned `data` measures it; every row leads back to its gap (`trace`).
    """
    place = open_workspace(workspace)
    found = plan_dataset(batch_ids, shape=shape, merged=merged, workspace=place.folder)
    return write_export(found, Path(folder), file_format, place.events(), author=author)


def trace(candidate_id: str, *, workspace: Folder = None) -> tracing.Chain:
    """The whole chain of a candidate: gap, triage, prompt, versions, check, reviews, exported rows."""
    return tracing.trace(open_workspace(workspace), candidate_id)


def _batch(place: Workspace, batch_id: str | None) -> Batch:
    if batch_id is not None:
        return standings.find_batch(place, batch_id)
    known = batches(workspace=place.folder)
    if not known:
        raise NotFound("There is no batch yet. Approve gaps as targets, then `fac synthesise` makes one.")
    return max(known, key=lambda batch: batch.at)


def _by_batch(place: Workspace, candidate_ids: Sequence[str]) -> dict[str, list[Candidate]]:
    if not candidate_ids:
        raise WrongUse("Name the candidates by their ids; `fac review` lists them.")
    log = place.events()
    wanted: dict[str, list[str]] = {}
    for one in dict.fromkeys(candidate_ids):
        scopes = log.scopes("candidate", one)
        if not scopes:
            raise NotFound(f"There is no candidate {one!r}. `fac review` lists them.")
        wanted.setdefault(scopes[0], []).append(one)
    found: dict[str, list[Candidate]] = {}
    for batch_id, members in wanted.items():
        held = Candidates(log).of(batch_id)
        found[batch_id] = [held[one] for one in members]
    return found
