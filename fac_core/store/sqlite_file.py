"""The workspace's SQLite file: how it is opened, so that many processes may add to it at the same time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.errors import RunBroken, StoreBusy

_SECONDS_TO_WAIT = 10.0
"""For another process that is writing."""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of its own for each call: threads and processes share nothing but the file.

    Raises `StoreBusy` if others write for too long.
    """
    connection = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT, isolation_level=None)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        if "locked" not in str(error) and "busy" not in str(error):
            mend = "Make its folder writable, or copy the workspace; move the file away if it is damaged."
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


def create_table(path: Path, ddl: str) -> None:
    """Make a table where it is not there, in a file that readers and writers can share (WAL)."""
    with connected(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(ddl)
