"""Where the laboratory finds what it works on: the workspace that is named or meant, and two runs of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace


def workspace_at(folder: Path | None) -> Workspace:
    """The workspace in a folder; without one that in, above or right below the current folder. Raises `NotFound`."""
    return Workspace.find() if folder is None else Workspace(folder)


@contextmanager
def opened_pair(workspace: Workspace, seed: str | None, anchor: str | None) -> Iterator[tuple[RunFile, RunFile]]:
    """Seed and anchor by name or id, opened.

    Args:
        seed: None is the newest run beside the anchor.
        anchor: None is the one that the workspace remembers.

    Raises `NotFound` and `WrongUse` as `Workspace.run` does.
    """
    with (
        workspace.run(anchor or workspace.anchor().run_id) as p,
        workspace.run(seed or workspace.seed(p.info).run_id) as q,
    ):
        yield q, p
