"""Pooled activations of single texts that are in no run yet: candidates of a synthesis, and edits of them.

They lie in a table of the workspace's SQLite file, beside the event log. Like events they are only ever added: a text that
changes is measured anew under its next version. A measurement is written before the event that speaks of it, so an
event never lacks its measurement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fac_core.store.sqlite_file import connected, create_table, writing

_TABLE = """
    CREATE TABLE IF NOT EXISTS measurement (
        scope TEXT NOT NULL, item TEXT NOT NULL, version INTEGER NOT NULL,
        feature_ids BLOB NOT NULL, activations BLOB NOT NULL, PRIMARY KEY (scope, item, version)
    )
"""


@dataclass(frozen=True)
class Measurement:
    """What one text fires."""

    item: str
    version: int
    feature_ids: np.ndarray
    """uint32 `[active]`, ascending."""
    activations: np.ndarray
    """float32 `[active]`: `g_i(x)`."""


class Measurements:
    """The measurements of a workspace. Raises `StoreBusy` if others write for too long."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        create_table(self.path, _TABLE)

    def record(self, scope: str, measurements: Collection[Measurement]) -> None:
        """Keep measurements, all or none. One that is there already is left as it is."""
        rows = [
            (
                scope,
                m.item,
                m.version,
                m.feature_ids.astype("<u4").tobytes(),
                m.activations.astype("<f4").tobytes(),
            )
            for m in measurements
        ]
        with writing(self.path) as connection:
            connection.executemany("INSERT OR IGNORE INTO measurement VALUES (?, ?, ?, ?, ?)", rows)

    def of(self, scope: str) -> dict[tuple[str, int], Measurement]:
        """All measurements of a scope, by item and version."""
        with connected(self.path) as connection:
            rows = connection.execute(
                "SELECT item, version, feature_ids, activations FROM measurement WHERE scope = ?", (scope,)
            ).fetchall()
        return {
            (item, version): Measurement(item, version, np.frombuffer(ids, "<u4"), np.frombuffer(values, "<f4"))
            for item, version, ids, values in rows
        }
