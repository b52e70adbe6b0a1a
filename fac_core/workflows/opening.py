"""Finding and opening the runs that a verb is about.

Everywhere, `workspace` None means the one in, above or right below the current folder; `run` None means the newest run
beside the anchor; `anchor` None means the anchor that the workspace remembers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.store.runs.run_file import RunFile
from fac_core.store.workspace import Workspace

Folder = Path | str | None


def open_workspace(folder: Folder) -> Workspace:
    """The workspace that is named, or meant."""
    return Workspace.find() if folder is None else Workspace(Path(folder))


def open_anchor(place: Workspace, name: str | None = None) -> RunFile:
    """The named run, or the anchor that the workspace remembers."""
    return place.run(place.anchor().run_id if name is None else name)


@contextmanager
def open_pair(folder: Folder, run: str | None, anchor: str | None) -> Iterator[tuple[RunFile, RunFile]]:
    """The run and the anchor, opened."""
    place = open_workspace(folder)
    with open_anchor(place, anchor) as p, place.run(run or place.seed(p.info).run_id) as q:
        yield q, p
