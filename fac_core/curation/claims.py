"""Soft claims: what somebody has before their eyes is not offered to the next person, and nothing stops them from deciding.

A claim ends when its author looks at something else, or after a while without a word. Only who has a name makes one.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from fac_core.store.pulses import Look, Pulses

LASTS = 180.0
"""Seconds after the last sign of a person's page."""


class Claims:
    """Who looks at what in one queue."""

    def __init__(self, pulses: Pulses, queue: str) -> None:
        self._pulses = pulses
        self._queue = queue

    def look(self, item: str, *, author: str) -> None:
        """Say that `author` looks at an item, and no longer at the one before."""
        self._pulses.look(self._queue, author, item)

    def take(self, items: Sequence[str], *, author: str) -> str:
        """Look at the first of some items that nobody else looks at; at the very first, where somebody looks at each.

        Of two who ask at the same moment each gets another one.
        """

        def choose(looks: list[Look]) -> str:
            theirs = _of_others(looks, author, time.time())
            return next((item for item in items if item not in theirs), items[0])

        return self._pulses.look_at_one(self._queue, author, choose)

    def of_others(self, author: str, now: float | None = None) -> dict[str, str]:
        """The items that others look at, and who. Of two who look at one item, it is left to whoever came first."""
        return _of_others(self._pulses.looks(self._queue), author, now or time.time())


def _of_others(looks: Iterable[Look], author: str, now: float) -> dict[str, str]:
    """Of looks, the longest first."""
    first: dict[str, str] = {}
    for one in looks:
        if (
            abs(now - one.at) <= LASTS
        ):  # from the future: of before the clock was set back, and as old as one of the past
            first.setdefault(one.item, one.author)
    return {item: who for item, who in first.items() if who != author}
