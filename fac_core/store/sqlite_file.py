"""The workspace's SQLite file: how it is opened, so that many processes may add to it at the same time."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from fac_core.errors import RunBroken, StoreBusy
from fac_core.shortage import shortage

FILE_VERSION = 1
"""`PRAGMA user_version` of the workspace's file: 0 has a log without a chain. Of a higher one nothing is known: it is neither
read nor written."""

_SECONDS_TO_WAIT = 10.0
"""For another process that is writing."""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that nobody else uses meanwhile: threads and processes share nothing but the file.

    Raises `StoreBusy` if others write for too long, `CannotWrite` where the disk is full or may not be written to.
    """
    known = _known(path)
    connection: sqlite3.Connection | None = None
    try:
        if path.exists() and not path.is_file():
            raise sqlite3.OperationalError("it is no file")
        connection = _taken(known) or _connect(path)
        yield connection
        if known is not None and not connection.in_transaction and len(known.idle) < _KEPT:
            known.idle.append(connection)
            connection = None
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
        if connection is not None:
            connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    # A file that cannot be written to is read as it lies there: SQLite would put its own files beside it.
    address = f"file:{quote(str(path))}" + ("" if is_writable(path) or not path.exists() else "?immutable=1")
    return sqlite3.connect(address, timeout=_SECONDS_TO_WAIT, isolation_level=None, uri=True, check_same_thread=False)


def _taken(known: _Known | None) -> sqlite3.Connection | None:
    with suppress(IndexError):  # of two threads one takes the last
        return known.idle.pop() if known is not None else None
    return None


@dataclass
class _Known:
    """What this process has of a file."""

    identity: tuple[int, int, int]
    """Of the process and of the file: another one if the process is a fork, or the file was replaced."""
    idle: list[sqlite3.Connection] = field(default_factory=list)
    """Wait for their next use: opening one, and closing the last one of a file, costs more than most queries."""
    tables: set[str] = field(default_factory=set)
    """That were seen to be there."""


_KNOWN: dict[Path, _Known] = {}


def close_idle() -> None:
    """Close what waits for its next use, so that a disk with these files can be taken away."""
    for known in _KNOWN.values():
        while known.idle:
            known.idle.pop().close()


_KEPT = 8
"""Idle connections of a file."""


def _known(path: Path) -> _Known | None:
    """None for a file that is not there or cannot be written to: nothing is kept of it."""
    if not path.exists() or not is_writable(path):
        return None
    state = path.stat()
    identity = (os.getpid(), state.st_dev, state.st_ino)
    if path not in _KNOWN or _KNOWN[path].identity != identity:
        _KNOWN[path] = _Known(identity)
    return _KNOWN[path]


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
    _KNOWN.pop(path, None)  # what a connection remembers is not what lies there
    with connected(path) as connection:
        said = [line for (line,) in connection.execute("PRAGMA integrity_check(1)")]
        if said != ["ok"]:
            raise sqlite3.DatabaseError(" ".join(said[0].split()))
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > FILE_VERSION:
        raise RunBroken(
            f"{path} was written by a later program (version {version}; this one knows {FILE_VERSION}). Update fac-explorer."
        )
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
    known = _known(path)
    if known is not None and ddl in known.tables:
        return
    with connected(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(ddl)
    if known is not None:
        known.tables.add(ddl)
