"""The batches of a workspace: every synthesis that was asked for."""

from __future__ import annotations

from fac_core.errors import NotFound
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Batch, Candidates


def batches(workspace: Workspace) -> list[Batch]:
    """All of them, the newest last."""
    candidates = Candidates(workspace.events())
    found = [batch for run in workspace.runs() for batch in candidates.batches(run.run_id)]
    return sorted(found, key=lambda batch: batch.at)


def batches_of(workspace: Workspace, seed: RunInfo, anchor: RunInfo) -> list[Batch]:
    """Those for the gaps of one run against one anchor, the newest last."""
    found = Candidates(workspace.events()).batches(anchor.run_id)
    return [batch for batch in found if batch.seed_run_id == seed.run_id]


def find_batch(workspace: Workspace, batch_id: str | None = None) -> Batch:
    """A batch by its id; None: the newest. Raises `NotFound`, listing what there is."""
    known = batches(workspace)
    if not known:
        raise NotFound("There is no batch yet. Approve gaps as targets, then `fac synthesise` makes one.")
    if batch_id is None:
        return known[-1]
    for batch in known:
        if batch.batch_id == batch_id:
            return batch
    raise NotFound(f"There is no batch {batch_id!r}; there is {', '.join(batch.batch_id for batch in known)}.")
