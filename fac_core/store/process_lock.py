"""A lock that a process holds by being alive: the system drops it with a killed process, on every platform.

It is SQLite's exclusive lock on an empty file, which needs no process ids (they are used again) and no signals.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fac_core.errors import StoreBusy


@contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock at `path`; the file goes when the lock does. Raises `StoreBusy` with the message `busy`."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise StoreBusy(busy) from error
    try:
        yield
    finally:
        connection.close()
        with suppress(PermissionError):  # Windows, and somebody else is looking at it
            path.unlink(missing_ok=True)


def is_held(path: Path) -> bool:
    """Whether some living process holds the lock."""
    if not path.exists():
        return False
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        return True
    finally:
        connection.close()
    return False
