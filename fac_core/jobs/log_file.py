"""One log file a job: what the engine said while it ran, and the whole traceback of an error nobody foresaw."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.store.workspace import Workspace

_TAIL_BYTES = 64_000


def log_path(workspace: Workspace, job_id: str) -> Path:
    """Where the log of a job is."""
    return workspace.jobs_folder / f"{job_id}.log"


@contextmanager
def recording(path: Path) -> Iterator[None]:
    """Append what is logged meanwhile; a job that is resumed goes on in the same file."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%d %H:%M:%S"))
    engine = logging.getLogger("fac_core")
    level = engine.level
    engine.addHandler(handler)
    engine.setLevel(logging.INFO)
    try:
        yield
    finally:
        engine.removeHandler(handler)
        engine.setLevel(level)
        handler.close()


def last_lines(path: Path, n: int = 50) -> list[str]:
    """The last lines of a log; none before there is one."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace").splitlines()[-n:]
