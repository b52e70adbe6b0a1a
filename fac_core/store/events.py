"""What people and jobs decide: an append-only log beside the runs, in SQLite (WAL), safe for many processes.

log = workspace.events()
event = log.append("run-1", "triage", "41", {"state": "target"}, author="Ann", seen=0)
log.latest("run-1", "triage")["41"].payload["state"]
log.undo(event, author="Ann")

An item (a feature, a sample, a job) has versions 1, 2, 3…; the newest one holds. Nobody overwrites: whoever appends
says which version they saw, and the unique key `(scope, kind, item, version)` refuses the second of two who saw the
same. Undo is one more event, so history, audit and agreement need nothing beyond this table.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fac_core.errors import Conflict, WrongUse
from fac_core.store.sqlite_file import connected, create_table, writing

log = logging.getLogger(__name__)

_TABLE = """
    CREATE TABLE IF NOT EXISTS event (
        seq INTEGER PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, version INTEGER NOT NULL,
        payload TEXT NOT NULL, author TEXT NOT NULL, at TEXT NOT NULL, undoes INTEGER,
        UNIQUE (scope, kind, item, version)
    )
"""
_COLUMNS = "seq, scope, kind, item, version, payload, author, at, undoes"
_INSERT = "INSERT INTO event (scope, kind, item, version, payload, author, at, undoes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class Event:
    """One decision, as it was made."""

    seq: int
    """Position in the log, over everything."""
    scope: str
    """What it holds for: a feature space, a run, a task."""
    kind: str
    """`label`, `relevance`, `triage`, `job`, …"""
    item: str
    """What was decided about, within scope and kind."""
    version: int
    """1 for the first decision about the item."""
    payload: dict[str, Any]
    """The decision itself. Empty after the undo of a first decision: as if none had been made."""
    author: str
    at: str
    """ISO 8601, UTC."""
    undoes: int | None
    """`seq` of the event whose effect this one takes back."""


class EventLog:
    """The log in a file, which is made where it is not there. Raises `StoreBusy` if others write for too long."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        create_table(self.path, _TABLE)

    def append(self, scope: str, kind: str, item: str, payload: Mapping[str, Any], *, author: str, seen: int) -> Event:
        """Record a decision on top of the version that its author saw (0: none).

        Raises `Conflict`, which carries the newer event, when somebody else decided in the meantime.
        """
        return self._insert(scope, kind, item, dict(payload), author=author, seen=seen, undoes=None)

    def append_many(
        self,
        scope: str,
        kind: str,
        payloads: Mapping[str, Mapping[str, Any]],
        *,
        author: str,
        seen: Mapping[str, int] | None = None,
    ) -> list[Event]:
        """Record decisions about many items in one transaction. Returns them in order.

        Args:
            seen: the versions that the author saw (0 for an item that it lacks); items that somebody has decided anew
                since stay as they are, and are not returned. None: on top of whatever is there.
        """
        at = _now()
        with writing(self.path) as connection:
            newest = dict(
                connection.execute(
                    "SELECT item, max(version) FROM event WHERE scope = ? AND kind = ? GROUP BY item", (scope, kind)
                )
            )
            first = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0] + 1
            connection.executemany(
                _INSERT,
                (
                    (scope, kind, item, newest.get(item, 0) + 1, json.dumps(payload), author, at, None)
                    for item, payload in payloads.items()
                    if seen is None or seen.get(item, 0) == newest.get(item, 0)
                ),
            )
            return _events(connection, "seq >= ?", (first,))

    def latest(self, scope: str, kind: str) -> dict[str, Event]:
        """What holds now: the newest event of each item. An item whose only decision was undone is left out."""
        with connected(self.path) as connection:
            newest = _events(
                connection,
                "(item, version) IN (SELECT item, max(version) FROM event WHERE scope = ? AND kind = ? GROUP BY item)"
                " AND scope = ? AND kind = ?",
                (scope, kind, scope, kind),
            )
        return {event.item: event for event in newest if event.payload}

    def history(self, scope: str, kind: str, item: str | None = None) -> tuple[Event, ...]:
        """All events of an item, or of a whole kind, the oldest first."""
        where, params = "scope = ? AND kind = ?", (scope, kind)
        if item is not None:
            where, params = f"{where} AND item = ?", (*params, item)
        with connected(self.path) as connection:
            return tuple(_events(connection, where, params))

    def everything(self) -> tuple[Event, ...]:
        """Every event of the workspace, the oldest first."""
        with connected(self.path) as connection:
            return tuple(_events(connection, "true", ()))

    def version(self, scope: str, kind: str, item: str) -> int:
        """The newest version of an item, 0 if it has none: what the next author will have seen."""
        with connected(self.path) as connection:
            return _newest(connection, scope, kind, item)

    def scopes(self, kind: str, item: str) -> tuple[str, ...]:
        """Where an item of this kind has events: what to ask for if only its name is known."""
        with connected(self.path) as connection:
            rows = connection.execute(
                "SELECT scope FROM event WHERE kind = ? AND item = ? GROUP BY scope ORDER BY min(seq)", (kind, item)
            ).fetchall()
        return tuple(scope for (scope,) in rows)

    def newest(self, scope: str, kind: str) -> int:
        """`seq` of the newest event of a kind, 0 without one: while it stays, so does all that follows from them."""
        with connected(self.path) as connection:
            found = connection.execute("SELECT max(seq) FROM event WHERE scope = ? AND kind = ?", (scope, kind))
            return found.fetchone()[0] or 0

    def undo(self, event: Event, *, author: str) -> Event:
        """Bring back what held before `event`, by a new event; the undo of an undo is a redo.

        Raises `Conflict` when the item has been decided anew since: then it is that decision which would be lost.
        """
        past = self.history(event.scope, event.kind, event.item)
        payload = _before(event, past)
        return self._insert(
            event.scope, event.kind, event.item, payload, author=author, seen=past[-1].version, undoes=event.seq
        )

    def undo_many(self, events: Sequence[Event], *, author: str) -> list[Event]:
        """Undo events of one scope and kind in one transaction.

        Those that somebody has decided anew since stay as they are, and are not returned.
        """
        if not events:
            return []
        scope, kind, at = events[0].scope, events[0].kind, _now()
        wanted = {event.item for event in events}
        with writing(self.path) as connection:
            past: dict[str, list[Event]] = {}
            for one in _events(connection, "scope = ? AND kind = ?", (scope, kind)):
                if one.item in wanted:
                    past.setdefault(one.item, []).append(one)
            rows = []
            for event in events:
                with suppress(Conflict):
                    payload = _before(event, past[event.item])
                    version = past[event.item][-1].version + 1
                    rows.append((scope, kind, event.item, version, json.dumps(payload), author, at, event.seq))
            first = connection.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0] + 1
            connection.executemany(_INSERT, rows)
            return _events(connection, "seq >= ?", (first,))

    def _insert(
        self, scope: str, kind: str, item: str, payload: dict[str, Any], *, author: str, seen: int, undoes: int | None
    ) -> Event:
        with writing(self.path) as connection:
            newest = _newest(connection, scope, kind, item)
            if seen > newest:
                raise WrongUse(f"{kind} {item} has no version {seen}: the newest is {newest}.")
            if seen < newest:
                theirs = _events(
                    connection, "scope = ? AND kind = ? AND item = ? AND version = ?", (scope, kind, item, newest)
                )[0]
                raise _conflict(theirs)
            at = _now()
            row = (scope, kind, item, seen + 1, json.dumps(payload), author, at, undoes)
            seq = connection.execute(_INSERT, row).lastrowid or 0
        return Event(seq, scope, kind, item, seen + 1, payload, author, at, undoes)


def taken_back(events: Sequence[Event]) -> dict[int, Event]:
    """Of the decisions that do not stand because they were taken back, `seq` to the undo that did so last.

    `events` are whole histories of their items.
    """
    by_seq = {event.seq: event for event in events}
    found: dict[int, Event] = {}
    for event in events:
        decision, is_undo = _root(event, by_seq)
        if is_undo:
            found[decision.seq] = event
        else:
            found.pop(decision.seq, None)
    return found


def _root(event: Event, by_seq: Mapping[int, Event]) -> tuple[Event, bool]:
    """The decision that an event is about, and whether the event takes it back: the undo of an undo puts it back."""
    is_undo = False
    while event.undoes is not None:
        event, is_undo = by_seq[event.undoes], not is_undo
    return event, is_undo


def _before(event: Event, past: Sequence[Event]) -> dict[str, Any]:
    """What held for the item before an event; `past` is its history.

    Raises `Conflict` if the item has been decided anew since, so that more than the event would be taken back.
    """
    decision, is_undo = _root(event, {one.seq: one for one in past})
    standing = _standing(past)
    if is_undo:
        holds = taken_back(past).get(decision.seq) == event
        holds = holds and standing == _standing([one for one in past if one.seq <= event.seq])
        payload = decision.payload
    else:
        holds = bool(standing) and standing[-1] == decision
        payload = standing[-2].payload if len(standing) > 1 else {}
    if not holds:
        raise _conflict(past[-1])
    return payload


def _standing(past: Sequence[Event]) -> list[Event]:
    """The decisions about one item that were not taken back, the oldest first; the last one holds."""
    gone = taken_back(past)
    return [event for event in past if event.undoes is None and event.seq not in gone]


def _conflict(theirs: Event) -> Conflict:
    return Conflict(
        f"{theirs.author} decided {theirs.kind} {theirs.item} at {theirs.at}, after you looked."
        " Look again, then decide.",
        theirs,
    )


def _newest(connection: sqlite3.Connection, scope: str, kind: str, item: str) -> int:
    found = connection.execute(
        "SELECT max(version) FROM event WHERE scope = ? AND kind = ? AND item = ?", (scope, kind, item)
    )
    return found.fetchone()[0] or 0


def _events(connection: sqlite3.Connection, where: str, params: tuple[Any, ...]) -> list[Event]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM event WHERE {where} ORDER BY seq", params)  # noqa: S608
    return [_event(*row) for row in rows]


def _event(
    seq: int, scope: str, kind: str, item: str, version: int, payload: str, author: str, at: str, undoes: int | None
) -> Event:
    """A row; one that cannot be read says nothing, as if it had been undone, so that the others still hold."""
    try:
        decided = dict(json.loads(payload))
    except (ValueError, TypeError):
        log.warning("Event %d (%s %s, by %s at %s) is damaged and counts as not made.", seq, kind, item, author, at)
        decided = {}
    return Event(seq, scope, kind, item, version, decided, author, at, undoes)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
