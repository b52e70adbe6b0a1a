"""What processes that were killed left in a workspace, removed by whoever starts next: what is ours, and what nobody holds."""

from __future__ import annotations

from fac_core.scratch import sweep
from fac_core.store.process_lock import sweep_locks
from fac_core.store.runs.build import remove_unfinished
from fac_core.store.workspace import Workspace
from fac_core.whole import BUILDING

READING, MERGING = "reading-", "merging-"
"""Beginnings of the names of folders in the cache that live as long as who made them."""


def sweep_workspace(workspace: Workspace) -> None:
    """Remove half-built runs, folders of readers and writers, and locks. Shards stay: whoever goes on needs them."""
    sweep_locks(workspace.folder / "runs", "*.duckdb.lock", lambda lock: remove_unfinished(lock.with_suffix("")))
    for prefix in (READING, MERGING):
        sweep(workspace.folder / "cache", prefix)
    sweep_locks(workspace.folder / "cache", "*.lock")
    for lock in list(workspace.folder.rglob(f"{BUILDING}*.lock")):
        sweep(lock.parent, BUILDING)


def sweep_workers(workspace: Workspace) -> None:
    """Forget the workers that were killed."""
    pulses = workspace.pulses()
    for lock in sweep_locks(workspace.jobs_folder, "worker-*.lock"):
        pulses.forget(lock.removesuffix(".lock"))
