"""Export what people accepted as a dataset: what it will hold, and the writing of it. No model runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fac_core.errors import WrongUse
from fac_core.export.plan import ExportPlan, plan_export
from fac_core.export.shapes import Shape
from fac_core.export.write import Exported, Format, write_export
from fac_core.people.place import this_user
from fac_core.store.workspace import Where, Workspace
from fac_core.synthesis.batches import find_batch


def plan_dataset(
    batch_ids: Sequence[str], *, shape: Shape | None = None, merged: bool = False, workspace: Where = None
) -> ExportPlan:
    """What an export of some batches will hold. Raises `WrongUse` as `plan_export` does, `NotFound` for a batch that is not there."""
    workspace = Workspace.at(workspace)
    if not batch_ids:
        raise WrongUse("Name the batches to export; `fac review` lists them.")
    chosen = [find_batch(workspace, batch_id) for batch_id in dict.fromkeys(batch_ids)]
    seed, anchor = (workspace.opened(run_id) for run_id in (chosen[0].seed_run_id, chosen[0].anchor_run_id))
    return plan_export(workspace, chosen, seed, anchor, shape=shape, merged=merged)


def export_dataset(
    batch_ids: Sequence[str],
    folder: Path | str,
    *,
    shape: Shape | None = None,
    file_format: Format = "jsonl",
    merged: bool = False,
    author: str | None = None,
    workspace: Where = None,
) -> Exported:
    """Write the accepted candidates of some batches as a dataset with its card.

    `encode` of the returned `data` measures it; every row leads back to its gap (`trace`). Raises what `plan_dataset` raises, and
    `WrongUse` if the folder holds something that is no export.

    >>> fac.export_dataset([], "out", workspace=view.workspace)
    Traceback (most recent call last):
    fac_core.errors.WrongUse: Name the batches to export; `fac review` lists them.
    """
    workspace = Workspace.at(workspace)
    found = plan_dataset(batch_ids, shape=shape, merged=merged, workspace=workspace)
    place = Path(workspace.place(str(folder), "exports"))
    return write_export(found, place, file_format, workspace.events(), author=author or this_user())
