"""The chain of the event log: the hash of each event covers its content and the hash before it.

So an event that was removed, altered or moved by anything but this program no longer follows from the one before it, and
`faults` says which. The newest hash is kept beside the events: the end cannot be cut off either. There is no key: whoever
can write the file could make the whole chain anew. A backup remembers where the chain stood, and so does who opened the log
(`last_seen`), and both find that too.

Logs of before there was a chain get one when they are first opened for writing, with an event that says so. One that had a
chain gets no second one: what is missing of it is told.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fac_core.errors import RunBroken
from fac_core.store.log.last_seen import last_seen, saw
from fac_core.store.sqlite_file import FILE_VERSION, connected, writing

COLUMNS = "seq, scope, kind, item, version, payload, author, at, undoes"
"""What an event is; the hash covers all of it."""

_ROW = tuple[Any, ...]
_SCOPE, _KIND, _BY = "log", "chain", "fac"
_HEAD = (
    "CREATE TABLE IF NOT EXISTS log_head (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), seq INTEGER, hash TEXT)"
)
_TOLD = 5
"""Faults that are told one by one."""


@contextmanager
def extending(path: Path) -> Iterator[sqlite3.Connection]:
    """A transaction that adds events; whoever wrote them has seen where the log ends."""
    with writing(path) as connection:
        yield connection
    remember(path)


def remember(path: Path) -> None:
    """Remember where the log ends, unless it is not the one that this user knows: that is told until somebody accepts it."""
    known = last_seen(path)
    with connected(path) as connection:
        if known != (end := head(connection)) and not _not_as_seen(connection, known):
            saw(path, *end)


def add(connection: sqlite3.Connection, rows: Iterable[_ROW]) -> int:
    """Append events, each its `COLUMNS` without `seq`, in a transaction that holds the write lock. Returns the last `seq`.

    The chain goes on from where it stood, also where events after that were cut off: the gap stays to be seen.
    """
    seq, before = head(connection)
    seq = max(seq, connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])
    linked = []
    for row in rows:
        seq += 1
        before = _link(before, (seq, *row))
        linked.append((seq, *row, before))
    connection.executemany(f"INSERT INTO event ({COLUMNS}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", linked)  # noqa: S608
    if linked:
        connection.execute("INSERT OR REPLACE INTO log_head VALUES (1, ?, ?)", (seq, before))
    return seq


def head(connection: sqlite3.Connection) -> tuple[int, str]:
    """Where the chain stands: `seq` and hash of the newest event, `(0, "")` before there is one."""
    if _version(connection) != FILE_VERSION:  # of a log that can only be read, and has no chain yet
        return 0, ""
    return connection.execute("SELECT seq, hash FROM log_head").fetchone() or (0, "")


def bring_up_to_date(path: Path) -> None:
    """Give an older log its chain, once, however many open it at the same time. Raises `RunBroken` for one of a newer program."""
    with connected(path) as connection:
        version = _version(connection)
    if version > FILE_VERSION:
        raise RunBroken(f"{path} was written by a newer version of this program (schema {version}). Update this one.")
    if version == FILE_VERSION:
        return
    with writing(path) as connection:
        if _version(connection) == FILE_VERSION:
            return
        had_chain = last_seen(path) is not None
        if "hash" not in {name for _, name, *_ in connection.execute("PRAGMA table_info(event)")}:
            connection.execute("ALTER TABLE event ADD COLUMN hash TEXT")
        elif connection.execute("SELECT 1 FROM event WHERE hash IS NOT NULL LIMIT 1").fetchone():
            had_chain = True
        connection.execute(_HEAD)
        n = 0 if had_chain else _chain_anew(connection)
        connection.execute(f"PRAGMA user_version = {FILE_VERSION}")
        if n:
            _note(connection, {"chained": n}, author=_BY)


def accept(path: Path, *, author: str) -> None:
    """Chain the log anew as it is now; an event says who took it so, and what did not fit."""
    known = last_seen(path)
    with writing(path) as connection:
        found = _faults(connection, 0) or _not_as_seen(connection, known)
        if found:
            _note(connection, {"chained": _chain_anew(connection), "accepted": found}, author=author)
        end = head(connection)
    saw(path, *end)


def faults(path: Path, newest: int | None = None) -> list[str]:
    """What does not fit in the log, a sentence each; nothing for a log that is as it was written, or has no chain yet.

    Args:
        newest: look at so many events at the end; None at all of them.
    """
    known = last_seen(path)  # before the log: others write meanwhile
    with connected(path) as connection:
        if _version(connection) != FILE_VERSION:
            return ["It has no chain any more."] if known else []
        connection.execute("BEGIN")  # all of one moment
        last = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0]
        found = _faults(connection, 0 if newest is None else max(0, last - newest))
        return found or _not_as_seen(connection, known)


def follows(path: Path, seq: int, known: str) -> bool:
    """Whether the event `seq` still has the hash that it was known by; True where it had none."""
    with connected(path) as connection:
        return _follows(connection, seq, known)


def told(path: Path, found: list[str]) -> str:
    """Faults as one message, with what to do."""
    more = f" And {len(found) - _TOLD:,} more." if len(found) > _TOLD else ""
    return (
        f"The log of decisions {path} is not as it was written. {' '.join(found[:_TOLD])}{more} `fac restore` brings back"
        " a backup; `fac doctor --accept-log` takes the log as it is now, and keeps a note of that."
    )


def _faults(connection: sqlite3.Connection, after: int) -> list[str]:
    """Walk the chain from the event after `after` to its end."""
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    start = connection.execute(
        "SELECT seq, hash FROM event WHERE seq <= ? ORDER BY seq DESC LIMIT 1", (after,)
    ).fetchone()
    known, before = start or (0, "")
    least = connection.execute("SELECT min(seq) FROM event").fetchone()[0]
    found = (
        [f"Event {least} stands before the first one: something else than this program wrote it."]
        if least is not None and least < 1
        else []
    )
    for *row, stored in _rows(connection, known):
        seq, _scope, kind, item, _version, _payload, author, at, _undoes = row
        told_as = f"Event {seq} ({kind} {item}, by {author} at {at})"
        if stored is None:
            found.append(f"{told_as} bears no hash: something else than this program wrote it.")
        elif stored != _link(before, tuple(row)):  # a gap that was accepted is linked over
            missing = _gone(known + 1, seq - 1) if seq > known + 1 else None
            found.append(missing or f"{told_as} is not what was written after event {known}.")
        known, before = seq, stored or before
    seq, newest = head(connection)
    if known < seq:
        found.append(_gone(known + 1, seq))
    elif (known, before) != (seq, newest):
        found.append(f"The log ends with event {known}, and the chain with event {seq}.")
    return found


def _not_as_seen(connection: sqlite3.Connection, known: tuple[int, str] | None) -> list[str]:
    """What of the log is not as this user last saw it end."""
    if known is None or _follows(connection, *known):
        return []
    return [f"It ended with event {known[0]} when it was last seen here, and that is gone or another one now."]


def _follows(connection: sqlite3.Connection, seq: int, known: str) -> bool:
    found = connection.execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
    return not seq or (found is not None and found[0] == known)


def _gone(first: int, last: int) -> str:
    return f"Event {first} is gone." if first == last else f"Events {first} to {last} are gone."


def _rows(connection: sqlite3.Connection, after: int) -> Iterator[_ROW]:
    return connection.execute(f"SELECT {COLUMNS}, hash FROM event WHERE seq > ? ORDER BY seq", (after,))  # noqa: S608


def _chain_anew(connection: sqlite3.Connection) -> int:
    """Hash all events as they stand. Returns how many."""
    before, linked = "", []
    for *row, _ in _rows(connection, 0):
        before = _link(before, tuple(row))
        linked.append((before, row[0]))
    connection.executemany("UPDATE event SET hash = ? WHERE seq = ?", linked)
    connection.execute("INSERT OR REPLACE INTO log_head VALUES (1, ?, ?)", (linked[-1][1] if linked else 0, before))
    return len(linked)


def _note(connection: sqlite3.Connection, payload: dict[str, object], *, author: str) -> None:
    """An event about the chain itself."""
    version = connection.execute(
        "SELECT count(*) + 1 FROM event WHERE scope = ? AND kind = ?", (_SCOPE, _KIND)
    ).fetchone()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    add(connection, [(_SCOPE, _KIND, _KIND, version[0], json.dumps(payload), author, at, None)])


def _link(before: str, row: _ROW) -> str:
    return hashlib.sha256(json.dumps([before, *row], default=repr).encode()).hexdigest()


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]
