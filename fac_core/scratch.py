"""Folders that live as long as whoever made them: what a killed process left is swept by whoever comes next.

Beside each folder lies its lock, which the system drops with the process. A folder whose lock somebody holds is nobody
else's business; one without a lock of ours is not touched, whatever its name.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_LOCK = ".lock"
_EARLIER = ".earlier"
"""End of the name of what stood where a folder was about to go (`whole`)."""


@contextmanager
def scratch(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, which is gone when the block ends.

    >>> import tempfile
    >>> from fac_core.scratch import scratch
    >>> parent = Path(tempfile.mkdtemp())
    >>> with scratch(parent, ".building-") as folder:
    ...     folder.is_dir()
    True
    >>> list(parent.iterdir())
    []
    """
    folder = parent / f"{prefix}{secrets.token_hex(4)}"
    lock = FileLock(f"{folder}{_LOCK}")
    with lock:  # before the folder is there: one without its lock would be anybody's
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # Windows removes no file that is open
                Path(lock.lock_file).unlink()


def sweep(parent: Path, prefix: str) -> None:
    """Remove the folders of `scratch` in `parent` that nobody holds any more.

    Where one was ended in the middle of replacing a folder, what it had finished takes its place, or else what was there.
    """
    for path in parent.glob(f"{prefix}*{_LOCK}"):
        lock = FileLock(path, timeout=0)
        with suppress(Timeout, OSError), lock:  # held, or another user's
            folder = path.with_name(path.name.removesuffix(_LOCK))
            _put_back(folder)
            shutil.rmtree(folder, ignore_errors=True)
            path.unlink(missing_ok=True)


def _put_back(folder: Path) -> None:
    for earlier in folder.glob(f"*{_EARLIER}"):
        name = earlier.name.removesuffix(_EARLIER)
        if not (folder.parent / name).exists():
            finished = folder / name
            (finished if finished.exists() else earlier).replace(folder.parent / name)
