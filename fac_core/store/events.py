"""What people and jobs decide: an append-only log beside the runs, in SQLite (WAL), safe for many processes.

log = workspace.events()
event = log.append("run-1", "triage", "41", {"state": "target"}, author="Ann", seen=0)
log.latest("run-1", "triage")["41"].payload["state"]
log.undo(event, author="Ann")

An item (a feature, a sample, a job) has versions 1, 2, 3…; the newest one holds. Nobody overwrites: whoever appends
says which version they saw, and the unique key `(scope, kind, item, version)` refuses the second of two who saw the
same. Undo is one more event, so history, audit and agreement need nothing beyond this table. Each event carries the hash
of the one before it (`log/chain.py`). Who signed in somewhere writes what their role allows, under their own name; here
and not on a page, so that no way around a page leads into the log.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fac_core.errors import Conflict, WrongUse
from fac_core.people.acting import Acting
from fac_core.store.log import chain
from fac_core.store.log.undo import before, conflict
from fac_core.store.sqlite_file import connected, create_table, is_writable

log = logging.getLogger(__name__)

_TABLE = """
    CREATE TABLE IF NOT EXISTS event (
        seq INTEGER PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL, version INTEGER NOT NULL,
        payload TEXT NOT NULL, author TEXT NOT NULL, at TEXT NOT NULL, undoes INTEGER, hash TEXT,
        UNIQUE (scope, kind, item, version)
    )
"""
_INDEX = "CREATE INDEX IF NOT EXISTS event_of_kind ON event (scope, kind, seq)"
"""The newest of a kind, asked for with every page, is one look-up."""
_NEWEST = 1000
"""Events whose chain is looked at when a process first opens a log; `fac doctor` and `fac backup` look at all."""
_OPENED: set[Path] = set()


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
    """The log in a file, which is made where it is not there. Raises `StoreBusy` if others write for too long.

    Args:
        acting: who signed in and writes; None is whoever owns this machine, or a worker.
    """

    def __init__(self, path: Path, acting: Acting | None = None) -> None:
        self.path = Path(path)
        self.acting = acting
        create_table(self.path, _TABLE)
        create_table(self.path, _INDEX)
        if is_writable(self.path):
            chain.bring_up_to_date(self.path)
        if self.path not in _OPENED:
            _OPENED.add(self.path)
            if found := self.faults(_NEWEST):
                log.warning(chain.told(self.path, found))
            else:
                chain.remember(self.path)

    def check(self, kind: str, payload: Mapping[str, Any], author: str) -> None:
        """Raise `NotAllowed` if whoever signed in may not write this, and `WrongUse` where nobody says who decides."""
        if not author.strip():
            raise WrongUse("A decision bears a name, and an undo goes by it. Say yours first.")
        if self.acting is not None:
            self.acting.check(kind, payload, author)

    def faults(self, newest: int | None = None) -> list[str]:
        """Events that were removed, altered or moved by anything but this program, a sentence each; see `chain.faults`."""
        return chain.faults(self.path, newest)

    def head(self) -> tuple[int, str]:
        """Where the chain stands: `seq` and hash of the newest event."""
        with connected(self.path) as connection:
            return chain.head(connection)

    def accept(self, *, author: str) -> None:
        """Take a log with faults as it is now; an event says who did, and what did not fit."""
        self.check("log", {}, author)
        chain.accept(self.path, author=author)

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
        all_or_none: bool = False,
    ) -> list[Event]:
        """Record decisions about many items in one transaction. Returns them in order.

        Args:
            seen: the versions that the author saw (0 for an item that it lacks); items that somebody has decided anew
                since stay as they are, and are not returned. None: on top of whatever is there.
            all_or_none: raise `Conflict` instead, and record nothing, where somebody has decided one of them anew.
        """
        self._check_many(kind, payloads.values(), author)
        at = _now()
        with chain.extending(self.path) as connection:
            newest = dict(
                connection.execute(
                    "SELECT item, max(version) FROM event WHERE scope = ? AND kind = ? GROUP BY item", (scope, kind)
                )
            )
            fresh = [i for i in payloads if seen is None or seen.get(i, 0) == newest.get(i, 0)]
            if all_or_none and len(fresh) < len(payloads):
                raise conflict(_newest_event(connection, scope, kind, next(i for i in payloads if i not in fresh)))
            return _added(
                connection,
                [(scope, kind, i, newest.get(i, 0) + 1, json.dumps(payloads[i]), author, at, None) for i in fresh],
            )

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

        Raises `Conflict` when the item has been decided anew since: then it is that decision which would be lost; and
        `NotAllowed` for a reviewer who signed in, where somebody else wrote the event.
        """
        past = self.history(event.scope, event.kind, event.item)
        self._check_undo([event], past)
        payload = before(event, past)
        return self._insert(
            event.scope, event.kind, event.item, payload, author=author, seen=past[-1].version, undoes=event.seq
        )

    def undo_many(self, events: Sequence[Event], *, author: str) -> list[Event]:
        """Undo events of one scope and kind in one transaction.

        Those that somebody has decided anew since stay as they are, and are not returned. Raises `NotAllowed` as `undo` does.
        """
        if not events:
            return []
        scope, kind, at = events[0].scope, events[0].kind, _now()
        self._check_many(kind, [event.payload for event in events], author)
        wanted = {event.item for event in events}
        with chain.extending(self.path) as connection:
            past: dict[str, list[Event]] = {}
            for one in _events(connection, "scope = ? AND kind = ?", (scope, kind)):
                if one.item in wanted:
                    past.setdefault(one.item, []).append(one)
            self._check_undo(events, [one for said in past.values() for one in said])
            rows = []
            for event in events:
                with suppress(Conflict):
                    payload = before(event, past[event.item])
                    version = past[event.item][-1].version + 1
                    rows.append((scope, kind, event.item, version, json.dumps(payload), author, at, event.seq))
            return _added(connection, rows)

    def _check_undo(self, events: Sequence[Event], past: Sequence[Event]) -> None:
        """Who wrote them says the log, and not who asks."""
        if self.acting is not None:
            wanted = {event.seq for event in events}
            self.acting.check_undo(one.author for one in past if one.seq in wanted)

    def _check_many(self, kind: str, payloads: Collection[Mapping[str, Any]], author: str) -> None:
        """Each for itself where payloads ask for different roles, as jobs do; else of one act, which counts once."""
        for payload in payloads if kind == "job" else [*payloads][:1]:
            self.check(kind, payload, author)

    def _insert(
        self, scope: str, kind: str, item: str, payload: dict[str, Any], *, author: str, seen: int, undoes: int | None
    ) -> Event:
        self.check(kind, payload, author)
        with chain.extending(self.path) as connection:
            newest = _newest(connection, scope, kind, item)
            if seen > newest:
                raise WrongUse(f"{kind} {item} has no version {seen}: the newest is {newest}.")
            if seen < newest:
                raise conflict(_newest_event(connection, scope, kind, item))
            at = _now()
            seq = chain.add(connection, [(scope, kind, item, seen + 1, json.dumps(payload), author, at, undoes)])
        return Event(seq, scope, kind, item, seen + 1, payload, author, at, undoes)


def _added(connection: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> list[Event]:
    """Append rows and return them as events."""
    last = chain.add(connection, rows)
    return _events(connection, "seq > ?", (last - len(rows),)) if rows else []


def _newest(connection: sqlite3.Connection, scope: str, kind: str, item: str) -> int:
    found = connection.execute(
        "SELECT max(version) FROM event WHERE scope = ? AND kind = ? AND item = ?", (scope, kind, item)
    )
    return found.fetchone()[0] or 0


def _newest_event(connection: sqlite3.Connection, scope: str, kind: str, item: str) -> Event:
    version = _newest(connection, scope, kind, item)
    return _events(connection, "scope = ? AND kind = ? AND item = ? AND version = ?", (scope, kind, item, version))[0]


def _events(connection: sqlite3.Connection, where: str, params: tuple[Any, ...]) -> list[Event]:
    # With the plus the rows are sorted when they are found: SQLite would read a whole kind in order to find one item's.
    rows = connection.execute(f"SELECT {chain.COLUMNS} FROM event WHERE {where} ORDER BY +seq", params)  # noqa: S608
    return [_event(*row) for row in rows]


def _event(
    seq: int, scope: str, kind: str, item: str, version: int, payload: str, author: str, at: str, undoes: int | None
) -> Event:
    """A row; one that cannot be read says nothing, as if it had been undone, so that the others still hold."""
    try:
        decided = dict(json.loads(payload))
    except (ValueError, TypeError, RecursionError):
        log.warning("Event %d (%s %s, by %s at %s) is damaged and counts as not made.", seq, kind, item, author, at)
        decided = {}
    return Event(seq, scope, kind, item, version, decided, author, at, undoes)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
