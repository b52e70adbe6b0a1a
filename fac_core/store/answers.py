"""Answers of language models, kept by the fingerprint of what was asked: what was paid for once is not paid again.

A SQLite file of its own, in the workspace's cache, since it can be bought again. Committed one by one, so that a killed
process loses at most what was still under way; any number of processes read and add.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fac_core.shortage import explained
from fac_core.store.process_lock import held_in_turn, sweep_locks
from fac_core.store.sqlite_file import connected, create_table, writing

_TABLE = "CREATE TABLE IF NOT EXISTS answer (fingerprint TEXT PRIMARY KEY, payload TEXT NOT NULL) WITHOUT ROWID"
_AT_ONCE = 500
"""Fingerprints a query: SQLite takes a limited number of parameters."""


class Answers:
    """The answers in a file, which is made where it is not there. Raises `StoreBusy` if others write for too long."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with explained(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            create_table(self.path, _TABLE)
        sweep_locks(self.path.parent, "asking-*.lock")  # of processes that were killed

    @contextmanager
    def asking(self, fingerprints: Collection[str]) -> Iterator[None]:
        """While somebody asks for these: whoever asks for the same at the same time waits, and then finds them kept."""
        mark = hashlib.sha256(" ".join(sorted(fingerprints)).encode()).hexdigest()[:16]
        with held_in_turn(self.path.with_name(f"asking-{mark}.lock"), lambda: None):
            yield

    def find(self, fingerprints: Collection[str]) -> dict[str, dict[str, Any]]:
        """Those that are kept."""
        wanted = list(fingerprints)
        found: dict[str, dict[str, Any]] = {}
        with connected(self.path) as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                part = wanted[start : start + _AT_ONCE]
                marks = ", ".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT fingerprint, payload FROM answer WHERE fingerprint IN ({marks})",  # noqa: S608
                    part,
                )
                found |= {fingerprint: json.loads(payload) for fingerprint, payload in rows}
        return found

    def keep(self, fingerprint: str, payload: dict[str, Any]) -> None:
        """Keep one. Where two processes asked the same, the first answer stays."""
        with writing(self.path) as connection:
            connection.execute("INSERT OR IGNORE INTO answer VALUES (?, ?)", (fingerprint, json.dumps(payload)))
