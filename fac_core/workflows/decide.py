"""Decide about candidates: where a batch stands, a decision, an edit, an undo, real texts mixed in. No model runs."""

from __future__ import annotations

from collections.abc import Sequence

from fac_core.curation import standing as standings
from fac_core.curation.controls import Controls
from fac_core.curation.review import Choice, Reviews
from fac_core.errors import NotFound, WrongUse
from fac_core.store.events import Event
from fac_core.store.workspace import Where, Workspace
from fac_core.synthesis.batches import find_batch
from fac_core.synthesis.candidates import Batch, Candidate, Candidates
from fac_core.view import View


def standing(view: View, batch: Batch) -> standings.Standing:
    """Where a batch stands: candidates, decisions, coverage now and if accepted, counted as the view counts."""
    return standings.decided(view.workspace, written(view, batch))


def written(view: View, batch: Batch) -> standings.Written:
    """What there is to decide about in a batch, counted as the view counts."""
    workspace = view.workspace
    seed, anchor = (workspace.opened(run_id) for run_id in (batch.seed_run_id, batch.anchor_run_id))
    return standings.written(workspace, batch, seed, anchor, view.definition, view.relevant)


def review(
    candidate_ids: Sequence[str],
    choice: Choice,
    *,
    author: str,
    reason: str = "",
    note: str = "",
    over: str | None = None,
    workspace: Where = None,
) -> list[Event]:
    """Decide about candidates by id, for those of one batch all or none.

    Args:
        over: whose decisions are known, and decided against.

    Raises `Conflict` where a decision of somebody else stands, `NotFound` for an id that there is not, `WrongUse` for a decision that is not allowed (see `Reviews.decide`).

    >>> fac.review(["no such id"], "accepted", author="Ann", workspace=view.workspace)
    Traceback (most recent call last):
    fac_core.errors.NotFound: There is no candidate 'no such id'. `fac review` lists them.
    """
    workspace = Workspace.at(workspace)
    events: list[Event] = []
    for batch_id, members in _by_batch(workspace, candidate_ids).items():
        reviews = Reviews(workspace.events(), batch_id)
        seen = reviews.seen_unless_others([one.candidate_id for one in members], author, over)
        events += reviews.decide_many(members, choice, author=author, reason=reason, note=note, seen=seen)
    return events


def edit_candidate(candidate_id: str, text: str, *, author: str, workspace: Where = None) -> Event:
    """Other words for a candidate; they count once they were verified."""
    workspace = Workspace.at(workspace)
    ((batch_id, (candidate,)),) = _by_batch(workspace, [candidate_id]).items()
    return Reviews(workspace.events(), batch_id).edit(candidate, text, author=author)


def undo_review(batch_id: str | None = None, *, author: str, workspace: Where = None) -> list[Event]:
    """Take back this author's newest act in a batch; the same of what is returned is a redo."""
    workspace = Workspace.at(workspace)
    reviews = Reviews(workspace.events(), find_batch(workspace, batch_id).batch_id)
    return reviews.undo(reviews.last(author), author=author)


def mix_in_controls(batch_id: str | None = None, n: int = 10, *, author: str, workspace: Where = None) -> int:
    """Mix up to n real texts unmarked into a batch, to measure its reviewers; returns how many there are now."""
    workspace = Workspace.at(workspace)
    batch = find_batch(workspace, batch_id)
    controls = Controls(workspace.events(), batch.batch_id)
    candidates = Candidates(workspace.events()).of(batch.batch_id).values()
    controls.mix_in(workspace.opened(batch.anchor_run_id), candidates, n, author=author)
    return len(controls.ids())


def _by_batch(workspace: Workspace, candidate_ids: Sequence[str]) -> dict[str, list[Candidate]]:
    if not candidate_ids:
        raise WrongUse("Name the candidates by their ids; `fac review` lists them.")
    log = workspace.events()
    wanted: dict[str, list[str]] = {}
    for asked in dict.fromkeys(candidate_ids):
        scopes = log.scopes("candidate", asked)
        if not scopes:
            raise NotFound(f"There is no candidate {asked!r}. `fac review` lists them.")
        wanted.setdefault(scopes[0], []).append(asked)
    found: dict[str, list[Candidate]] = {}
    for batch_id, members in wanted.items():
        held = Candidates(log).of(batch_id)
        found[batch_id] = [held[member] for member in members]
    return found
