"""Saved filters: those of a page under a name, shared by all who work in the workspace. Saving and deleting are events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fac_core.errors import WrongUse
from fac_core.store.events import EventLog

_KIND = "view"
_LONGEST = 80
"""Characters of a name."""


@dataclass(frozen=True)
class Saved:
    """What one name stands for."""

    name: str
    filters: dict[str, Any]
    """By the page's own names; what is not filtered by is not among them."""
    author: str
    at: str
    """ISO 8601, UTC."""


class SavedFilters:
    """The saved filters of one page."""

    def __init__(self, log: EventLog, page: str) -> None:
        self._log = log
        self._page = page

    def all(self) -> list[Saved]:
        """By name."""
        held = self._log.latest(self._page, _KIND)
        return [
            Saved(name, event.payload["filters"], event.author, event.at)
            for name, event in sorted(held.items())
            if "filters" in event.payload
        ]

    def save(self, name: str, filters: Mapping[str, Any], *, author: str) -> None:
        """Keep filters under a name; what it stood for before stays in the log. Raises `WrongUse` for no name or a long one."""
        name = name.strip()
        if not name or len(name) > _LONGEST:
            raise WrongUse(f"Saved filters need a name of 1 to {_LONGEST} characters.")
        self._append(name, {"filters": dict(filters)}, author)

    def delete(self, name: str, *, author: str) -> None:
        """Take a name off the list."""
        self._append(name, {"deleted": True}, author)

    def _append(self, name: str, payload: Mapping[str, Any], author: str) -> None:
        seen = self._log.version(self._page, _KIND, name)
        self._log.append(self._page, _KIND, name, payload, author=author, seen=seen)
