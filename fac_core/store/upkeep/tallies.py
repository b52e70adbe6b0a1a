"""How much is in a workspace's log: numbers for whoever runs the server, not for an answer about data."""

from __future__ import annotations

from pathlib import Path

from fac_core.store.sqlite_file import connected


def events_by_kind(path: Path) -> dict[str, int]:
    """Events of each kind in `workspace.sqlite`; none where nobody has decided anything yet. Raises what the log raises."""
    if not path.is_file():
        return {}
    with connected(path) as connection:
        return dict(connection.execute("SELECT kind, count(*) FROM event GROUP BY kind ORDER BY kind").fetchall())
