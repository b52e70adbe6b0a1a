"""The workspace's SQLite file: how it is opened, so that many processes may add to it at the same time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from fac_core.errors import RunBroken, StoreBusy
from fac_core.shortage import shortage

_SECONDS_TO_WAIT = 10.0
"""For another process that is writing."""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of its own for each call: threads and processes share nothing but the file.

    Raises `StoreBusy` if others write for too long, `CannotWrite` where the disk is full or may not be written to.
    """
    # A file that cannot be written to is read as it lies there: SQLite would put its own files beside it.
    address = f"file:{quote(str(path))}" + ("" if is_writable(path) or not path.exists() else "?immutable=1")
    connection = sqlite3.connect(address, timeout=_SECONDS_TO_WAIT, isolation_level=None, uri=True)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        if (told := shortage(error, path.parent)) is not None:
            raise told from error
        if "locked" not in str(error) and "busy" not in str(error):
            mend = (
                "Make its folder writable, or copy the workspace; if it is damaged, `fac restore` brings back a backup."
            )
            raise RunBroken(f"{path} cannot be used ({error}). {mend}") from error
        raise StoreBusy(f"Other processes have kept {path} busy for {_SECONDS_TO_WAIT:.0f} s. Try again.") from error
    finally:
        connection.close()


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that holds the write lock from its first statement on, so that what it read stays true."""
    with connected(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        connection.execute(
            "PRAGMA wal_checkpoint(PASSIVE)"
        )  # who copies the file without its -wal takes all of it along


def is_writable(path: Path) -> bool:
    """Whether a file, which may not be there yet, and what SQLite puts beside it, can be written."""
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def check_intact(path: Path) -> None:
    """Read a file through, once a process. Raises `RunBroken` for one that is damaged: half of its rows would be silence."""
    if path in _INTACT or not path.is_file():
        return
    with connected(path) as connection:
        said = [line for (line,) in connection.execute("PRAGMA integrity_check(1)")]
        if said != ["ok"]:
            raise sqlite3.DatabaseError(" ".join(said[0].split()))
    _INTACT.add(path)


_INTACT: set[Path] = set()


def create_table(path: Path, ddl: str) -> None:
    """Make a table where it is not there, in a file that readers and writers can share (WAL).

    In one that can only be read nothing is made, and who writes is told so.
    """
    check_intact(path)
    if not is_writable(path) and path.exists():
        return
    if not path.exists():
        path.touch()  # with the rights that the user's mask gives: SQLite's own take them from the group
    with connected(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(ddl)
