"""Signs of life: which workers there are, how far a job is, who looks at what. Overwritten all the time, so they are no events.

They lie beside the event log, in the workspace's SQLite file. What they say is worth a glance, never a decision: whether
a worker lives is known by its lock (`process_lock.py`), what became of a job by its events.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

from fac_core.store.sqlite_file import connected, create_table, writing

_WORKER = """
    CREATE TABLE IF NOT EXISTS worker (
        worker_id TEXT PRIMARY KEY, pid INTEGER NOT NULL, host TEXT NOT NULL, beat REAL NOT NULL
    )
"""
_PROGRESS = """
    CREATE TABLE IF NOT EXISTS job_progress (
        job_id TEXT PRIMARY KEY, done INTEGER NOT NULL, total INTEGER NOT NULL, note TEXT NOT NULL,
        rate REAL, at REAL NOT NULL
    )
"""
_LOOK = """
    CREATE TABLE IF NOT EXISTS look (
        scope TEXT NOT NULL, author TEXT NOT NULL, item TEXT NOT NULL, since REAL NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (scope, author)
    )
"""


@dataclass(frozen=True)
class WorkerPulse:
    """One worker, as it last told."""

    worker_id: str
    pid: int
    host: str
    beat: float
    """Of the clock: seconds since 1970."""


@dataclass(frozen=True)
class JobProgress:
    """How far a job is."""

    job_id: str
    done: int
    total: int
    """0 while nobody knows it."""
    note: str
    rate: float | None
    """Units a second, of late; None before there is one."""
    at: float
    """Of the clock: seconds since 1970."""

    @property
    def seconds_left(self) -> float | None:
        """At the rate of late; None where it cannot be told."""
        return (self.total - self.done) / self.rate if self.rate and self.total else None


@dataclass(frozen=True)
class Look:
    """What one person has before their eyes."""

    author: str
    item: str
    since: float
    """Of the clock: when they began to look at it."""
    at: float
    """When their page last told so."""


class Pulses:
    """The tables in a file, which are made where they are not there."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        create_table(self.path, _WORKER)
        create_table(self.path, _PROGRESS)
        create_table(self.path, _LOOK)

    def beat(self, worker_id: str, pid: int, host: str) -> None:
        """Say that a worker lives."""
        with connected(self.path) as connection:
            row = (worker_id, pid, host, time.time())
            connection.execute("INSERT OR REPLACE INTO worker VALUES (?, ?, ?, ?)", row)

    def workers(self) -> list[WorkerPulse]:
        """All that have beaten and were not forgotten, the newest beat last."""
        with connected(self.path) as connection:
            rows = connection.execute("SELECT worker_id, pid, host, beat FROM worker ORDER BY beat").fetchall()
        return [WorkerPulse(*row) for row in rows]

    def forget(self, worker_id: str) -> None:
        """The worker is no more."""
        with connected(self.path) as connection:
            connection.execute("DELETE FROM worker WHERE worker_id = ?", (worker_id,))

    def tell(self, progress: JobProgress) -> None:
        """Say how far a job is."""
        with connected(self.path) as connection:
            row = astuple(progress)
            connection.execute("INSERT OR REPLACE INTO job_progress VALUES (?, ?, ?, ?, ?, ?)", row)

    def begin(self, job_id: str) -> None:
        """What was told of an earlier try of a job holds no longer."""
        with connected(self.path) as connection:
            connection.execute("DELETE FROM job_progress WHERE job_id = ?", (job_id,))

    def progress(self) -> dict[str, JobProgress]:
        """How far each job is, or was when it ended."""
        with connected(self.path) as connection:
            rows = connection.execute("SELECT job_id, done, total, note, rate, at FROM job_progress").fetchall()
        return {row[0]: JobProgress(*row) for row in rows}

    def look(self, scope: str, author: str, item: str) -> None:
        """Say what somebody looks at, in a queue that a scope names; they look at one thing at a time."""
        with connected(self.path) as connection:
            _look(connection, scope, author, item)

    def look_at_one(self, scope: str, author: str, choose: Callable[[list[Look]], str]) -> str:
        """Look at what is chosen by what all look at, while nobody else can: of two at once the second knows of the first."""
        with writing(self.path) as connection:
            item = choose(_looks(connection, scope))
            _look(connection, scope, author, item)
        return item

    def looks(self, scope: str) -> list[Look]:
        """What each person looked at last, the longest look first."""
        with connected(self.path) as connection:
            return _looks(connection, scope)


def _look(connection: sqlite3.Connection, scope: str, author: str, item: str) -> None:
    now = time.time()
    connection.execute(
        "INSERT INTO look VALUES (?, ?, ?, ?, ?) ON CONFLICT (scope, author) DO UPDATE SET"
        " since = CASE WHEN item = excluded.item THEN since ELSE excluded.since END,"
        " item = excluded.item, at = excluded.at",
        (scope, author, item, now, now),
    )


def _looks(connection: sqlite3.Connection, scope: str) -> list[Look]:
    asked = "SELECT author, item, since, at FROM look WHERE scope = ? ORDER BY since, author"
    return [Look(*row) for row in connection.execute(asked, (scope,)).fetchall()]
