"""What runs out, in one sentence, whichever library met it: room on a disk, the right to write, memory."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fac_core.errors import CannotWrite, OutOfMemory

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EROFS, errno.EACCES, errno.EPERM}
_SAYS_FULL = re.compile(
    r"No space left|disk is full|StorageFull|code: 28\b|[Qq]uota exceeded|File too large|code: 27\b|max_temp_directory_size"
)
_SQLITE_REFUSED = {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"}
_SAYS_NOT_ALLOWED = re.compile(r"[Rr]ead-?only (?:file system|database)|Permission denied|code: 30\b|code: 13\b")
_SAYS_NO_MEMORY = re.compile(
    r"can't allocate memory|can't start new thread|[Cc]annot allocate memory|Out of Memory Error|bad allocation|bad_alloc"
)
_SAYS_NOT_WRITTEN = re.compile(r"[Ww]rit|inline_container|iostream|disk I/O|unable to open")
"""What libraries say where they do not know why."""

_LITTLE = 1 << 20
"""Bytes: with less than that free, what could not be written had no room."""


@contextmanager
def explained(folder: Path, needs: Callable[[], int] | None = None) -> Iterator[None]:
    """Raise `CannotWrite` or `OutOfMemory`, which say how to go on, for what libraries raise where these run out.

    Args:
        folder: that is written to.
        needs: bytes that are wanted beyond what is free, as far as it can be told afterwards; 0 where it cannot.

    >>> with explained(Path("here")):
    ...     raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    fac_core.errors.CannotWrite: The disk of here is full. Make room there, then ask for the same again: it goes on from what is finished.
    """
    try:
        yield
    except (CannotWrite, OutOfMemory):
        raise
    except Exception as error:
        if (told := shortage(error, folder, needs)) is not None:
            raise told from error
        raise


def shortage(
    error: BaseException, folder: Path, needs: Callable[[], int] | None = None
) -> CannotWrite | OutOfMemory | None:
    """What an error, or one that it came from, is a sign of; None where it is of something else."""
    causes = list(_causes(error))
    said = " ".join(str(one) for one in causes)
    numbers = {one.errno for one in causes if isinstance(one, OSError)}
    if any(isinstance(one, MemoryError) for one in causes) or _SAYS_NO_MEMORY.search(said) or errno.ENOMEM in numbers:
        return OutOfMemory(
            "The memory of this machine did not suffice. Close other programs or take fewer at once, then ask for the same"
            " again: it goes on from what is finished."
        )
    where = next(map(Path, _files_named(causes)), folder)
    refused = any(getattr(one, "sqlite_errorname", "") in _SQLITE_REFUSED for one in causes)
    little_left = _free(folder) < _LITTLE and _SAYS_NOT_WRITTEN.search(said)
    if numbers & _FULL or _SAYS_FULL.search(said) or refused or little_left:
        return CannotWrite(
            f"The disk of {folder} is full{_wanted(folder, needs)}. Make room there, then ask for the same again: it goes on"
            " from what is finished."
        )
    if (numbers & _NOT_ALLOWED and _is_below(where, folder)) or (not numbers and _SAYS_NOT_ALLOWED.search(said)):
        return CannotWrite(
            f"{where} cannot be written. Make its folder writable, or name another folder, then ask again."
        )
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _files_named(causes: Sequence[BaseException]) -> Iterator[str]:
    for one in causes:
        if isinstance(one, OSError) and isinstance(one.filename, str | bytes):
            yield os.fsdecode(one.filename)


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _free(folder: Path) -> float:
    """Bytes on the disk of a folder, or of the nearest of its parents that is there."""
    for there in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(there).free
        except OSError:
            continue
    return float("inf")


def _wanted(folder: Path, needs: Callable[[], int] | None) -> str:
    bytes_wanted = needs() if needs is not None else 0
    if not bytes_wanted:
        return ""
    return f": about {bytes_wanted / 1e6:,.0f} MB are needed, and {_free(folder) / 1e6:,.0f} MB are free"
