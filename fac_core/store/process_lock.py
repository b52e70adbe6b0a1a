"""A lock that a process holds by being alive: the system drops it with a killed process, on every platform.

filelock looks, once it has the lock, whether the file is still the one at the path. So the file may be removed by who holds
it: whoever waited for it meanwhile finds out and takes the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from fac_core.errors import StoreBusy

_PATIENCE = 0.2
"""Seconds: longer than somebody holds a lock who only looks whether it is held."""


@contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold the lock at `path`; the file goes when the lock does. Raises `StoreBusy` with the message `busy`."""

    def give_up() -> None:
        raise StoreBusy(busy)

    with held_in_turn(path, give_up):
        yield


@contextmanager
def held_in_turn(path: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold the lock at `path` after whoever has it; the file goes when the lock does.

    Args:
        waiting: called again and again meanwhile; whatever it raises ends the waiting.
    """
    lock = FileLock(path, timeout=_PATIENCE, poll_interval=_PATIENCE / 10)
    while True:
        try:
            lock.acquire()
            break
        except Timeout:
            waiting()
    try:
        yield
    finally:
        with suppress(PermissionError):  # Windows removes no file that is open
            path.unlink(missing_ok=True)
        lock.release()


def sweep_locks(folder: Path, pattern: str, remove: Callable[[Path], object] = lambda _path: None) -> list[str]:
    """Remove the locks that nobody holds, left by processes that were killed; returns their names.

    Args:
        remove: removes what else such a process left; called with the path of the lock while it is ours.
    """
    gone = []
    for path in folder.glob(pattern):
        with suppress(Timeout, OSError), FileLock(path, timeout=0):  # held, or another user's
            remove(path)
            path.unlink(missing_ok=True)
            gone.append(path.name)
    return gone


def is_held(path: Path) -> bool:
    """Whether some living process holds the lock."""
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
