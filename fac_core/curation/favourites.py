"""A person's own list of features and themes to come back to. Keeping one and letting it go are events; nobody else's list changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fac_core.errors import WrongUse
from fac_core.store.events import EventLog

_KIND = "favourite"
Kept = Literal["feature", "theme"]


@dataclass(frozen=True)
class Favourite:
    """One thing on the list."""

    what: Kept
    name: str
    """The feature's number, or what the theme was called when it was kept."""
    at: str
    """ISO 8601, UTC."""


class Favourites:
    """One person's list in one feature space."""

    def __init__(self, log: EventLog, space_id: str, author: str) -> None:
        self._log = log
        self._space = space_id
        self._author = author

    def all(self) -> tuple[Favourite, ...]:
        """What is kept, the newest first.

        >>> Favourites(scratch.events(), "space", "Ann").all()
        ()
        """
        events = sorted(self._log.latest(self._space, _KIND).values(), key=lambda event: -event.seq)
        return tuple(
            Favourite(event.payload["what"], event.payload["name"], event.at)
            for event in events
            if event.payload.get("is_kept") and event.payload["of"] == self._author
        )

    def has(self, what: Kept, name: str) -> bool:
        """Whether something is on the list."""
        return any((one.what, one.name) == (what, name) for one in self.all())

    def keep(self, what: Kept, name: str) -> None:
        """Put something on the list. Raises `WrongUse` for what cannot be kept, or where nobody says whose list it is."""
        self._append(what, name, is_kept=True)

    def let_go(self, what: Kept, name: str) -> None:
        """Take something off the list; what is not on it stays off."""
        self._append(what, name, is_kept=False)

    def _append(self, what: Kept, name: str, *, is_kept: bool) -> None:
        if what not in get_args(Kept) or not name:
            raise WrongUse(f"A favourite is a {' or a '.join(get_args(Kept))}, by its name.")
        if not self._author:
            raise WrongUse("Say your name first: favourites are a person's own.")
        item = f"{what}:{name}:{self._author}"
        if self.has(what, name) == is_kept:
            return
        payload = {"what": what, "name": name, "of": self._author, "is_kept": is_kept}
        seen = self._log.version(self._space, _KIND, item)
        self._log.append(self._space, _KIND, item, payload, author=self._author, seen=seen)
