"""How fast a job goes of late: units a second over the last minute, whatever was found done at the start."""

from __future__ import annotations

from collections import deque

_SECONDS = 60.0


class Pace:
    """Takes reports `(at, done, total)`, at least one a unit of work.

    >>> pace = Pace()
    >>> pace.rate(0.0, 500, 1000), pace.rate(10.0, 520, 1000)
    (None, 2.0)
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._total = 0

    def rate(self, at: float, done: int, total: int) -> float | None:
        """Units a second after this report; None before there are two. Another total is another phase of the task."""
        if total != self._total or (self._seen and done < self._seen[-1][1]):
            self._seen.clear()
        self._total = total
        self._seen.append((at, done))
        while len(self._seen) > 2 and self._seen[1][0] < at - _SECONDS:
            self._seen.popleft()
        (first_at, first_done), seconds = self._seen[0], at - self._seen[0][0]
        return (done - first_done) / seconds if seconds > 0 and done > first_done and first_at < at else None
