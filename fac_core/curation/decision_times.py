"""How long people take to decide: the time from one decision to the next by the same person, breaks left out. From the log alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median

from fac_core.store.events import Event

BREAK = 300.0
"""Seconds from which on somebody did something else in between."""


@dataclass(frozen=True)
class DecisionTime:
    """Of one person."""

    author: str
    n: int
    """Acts: what was decided at once counts once. Undos are none."""
    timed: int
    """Those that followed another within five minutes."""
    seconds: float | None
    """The median of their times; None where no act followed another."""


def decision_times(history: Sequence[Event]) -> tuple[DecisionTime, ...]:
    """Of everybody who decided, by name.

    Args:
        history: decisions of any kind, the oldest first.

    >>> decision_times(())
    ()
    """
    at: dict[str, list[float]] = {}
    acts: set[tuple[str, str]] = set()
    for event in history:
        act = str(event.payload.get("act") or event.seq)
        if event.undoes is None and (event.author, act) not in acts:
            acts.add((event.author, act))
            at.setdefault(event.author, []).append(datetime.fromisoformat(event.at).timestamp())
    return tuple(_of(author, moments) for author, moments in sorted(at.items()))


def _of(author: str, moments: list[float]) -> DecisionTime:
    waits = [after - before for before, after in pairwise(moments) if after - before <= BREAK]
    return DecisionTime(author, len(moments), len(waits), median(waits) if waits else None)
