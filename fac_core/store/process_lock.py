"""A lock that a process holds by being alive: the system drops it with a killed process, on every platform.

filelock looks, once it has the lock, whether the file is still the one at the path. So the file may be removed by who holds
it: whoever waited for it meanwhile finds out and takes the next one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from fac_core.errors import StoreBusy

_PATIENCE = 0.2
"""Seconds: longer than somebody holds a lock who only looks whether it is held."""


@contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock at `path`; the file goes when the lock does. Raises `StoreBusy` with the message `busy`."""
    lock = FileLock(path, timeout=_PATIENCE, poll_interval=_PATIENCE / 10)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreBusy(busy) from error
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows removes no file that is open
            path.unlink(missing_ok=True)
        lock.release()


def is_held(path: Path) -> bool:
    """Whether some living process holds the lock."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
