"""One log file a job: what the engine said while it ran, and the whole traceback of an error nobody foresaw."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fac_core.store.workspace import Workspace

_TAIL_BYTES = 64_000


def log_path(workspace: Workspace, job_id: str) -> Path:
    """Where the log of a job is."""
    return workspace.jobs_folder / f"{job_id}.log"


@contextmanager
def recording(path: Path) -> Iterator[None]:
    """Append what is logged meanwhile; a job that is resumed goes on in the same file."""
    handler = _OnAnyDisk(path, encoding="utf-8", delay=True)
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
        with suppress(OSError):
            handler.close()


class _OnAnyDisk(logging.FileHandler):
    """A disk that is full has no room for its log either; the job goes on to say so itself."""

    def emit(self, record: logging.LogRecord) -> None:
        """Also where the file cannot be opened."""
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging names it
        """A line that cannot be written is left out."""


def last_lines(path: Path, n: int = 50) -> list[str]:
    """The last lines of a log; none before there is one."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        return file.read().decode("utf-8", errors="replace").splitlines()[-n:]
