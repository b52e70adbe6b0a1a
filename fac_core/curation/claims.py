"""Soft claims: what somebody has before their eyes is not offered to the next person, and nothing stops them from deciding.

A claim ends when its author looks at something else, or after a while without a word. Only who has a name makes one.
"""

from __future__ import annotations

import time

from fac_core.store.pulses import Pulses

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

    def of_others(self, author: str, now: float | None = None) -> dict[str, str]:
        """The items that others look at, and who. Of two who look at one item, it is left to whoever came first."""
        now = (
            now or time.time()
        )  # a look from the future is of before the clock was set back, and as old as one of the past
        fresh = [one for one in self._pulses.looks(self._queue) if abs(now - one.at) <= LASTS]
        first: dict[str, str] = {}
        for one in fresh:
            first.setdefault(one.item, one.author)
        return {item: who for item, who in first.items() if who != author}
