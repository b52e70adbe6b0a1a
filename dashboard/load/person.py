"""A person at work: looks at gaps and decides, reads what was written and judges it, and thinks in between."""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

from dashboard.load.visitor import Visitor
from dashboard.theme import DECISIONS
from fac_core.curation.triage import State

THINKS = (5.0, 15.0)
"""Seconds between two clicks, all alike likely."""
_BURST = (4, 8)
"""Decisions in a row, before one goes to the other queue."""
_TRIAGE: dict[State, float] = {"target": 0.5, "later": 0.3, "not relevant": 0.2}
_REVIEW = {"accepted": 0.5, "skipped": 0.2, "rejected": 0.3}
_BY_NUMBER = 0.25
"""Share of gaps that are opened by their number instead of taken as they come."""


@dataclass(frozen=True)
class Told:
    """A decision that the page has acknowledged: it has to be in the log."""

    author: str
    item: str
    """Of a gap its feature, of a candidate its id."""
    decided: str


@dataclass
class Diary:
    """What one or many people met with."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    """By action, from the click to the page that is drawn whole."""
    told: list[Told] = field(default_factory=list)
    left: int = 0
    """Decisions that somebody else's came before: told, and not recorded."""
    errors: list[str] = field(default_factory=list)


class Person:
    """Somebody with a name and a page."""

    def __init__(
        self, name: str, page: Visitor, diary: Diary, gaps: Sequence[int], thinks: tuple[float, float]
    ) -> None:
        self._name, self._page, self._diary, self._gaps, self._thinks = name, page, diary, gaps, thinks
        self._draw = random.Random(name)  # noqa: S311  # nothing is kept secret by it

    async def work(self, until: float = math.inf, turns: int | None = None) -> None:
        """Go from queue to queue until the clock says so (`time.monotonic`), or so often."""
        queues = [("gaps", self._decide), ("review", self._judge)]
        queues = queues[:: self._draw.choice((1, -1))]
        for turn in range(turns) if turns is not None else itertools.count():
            if time.monotonic() >= until:
                break
            page, act = queues[turn % 2]
            try:
                await self._timed(f"open the {page}" if turn else "come in", self._page.open(page))
                if not turn:
                    await self._timed("say a name", self._page.fill("author", string_value=self._name))
                await self._in_a_row(act, until)
            except (LookupError, TimeoutError) as error:  # whoever waits in vain opens the page again
                self._diary.errors.append(f"{self._name}: {type(error).__name__} {error}")
            except WebSocketException as error:
                self._diary.errors.append(f"{self._name}: {type(error).__name__} {error}")
                break
        self._diary.errors += [f"{self._name}: {error}" for error in self._page.errors]

    async def _in_a_row(self, act: Callable[[], Awaitable[bool]], until: float) -> None:
        for _ in range(self._draw.randint(*_BURST)):
            if time.monotonic() < until and not await act():
                return

    async def _decide(self) -> bool:
        if self._draw.random() < _BY_NUMBER:
            number = self._draw.choice(self._gaps)
            await self._timed("open a gap by its number", self._page.fill("gq_gap", double_value=number))
        feature = self._page.find(r"-decide-target-(\d+)")
        if feature is None:
            return False
        state = self._chosen(_TRIAGE)
        await self._timed("decide about a gap", self._page.press(f"decide-{state}-{feature}"))
        if state == "not relevant" and self._page.find(rf"-(reason-1-{feature})"):
            await self._timed("say why", self._page.press(f"reason-1-{feature}"))
        self._note(f"Feature {feature}: {state}", feature, state)
        return True

    async def _judge(self) -> bool:
        choice = self._chosen(_REVIEW)
        candidate = self._page.find(r"-rv_accepted_(\w+)")
        if candidate is None:
            return False
        await self._timed("judge a candidate", self._page.press(f"rv_{choice}_{candidate}"))
        if choice == "rejected" and self._page.find("-(rv-reason-1)"):
            await self._timed("say why", self._page.press("rv-reason-1"))
        self._note(f"{DECISIONS[choice].word}. Z", candidate, choice)
        return True

    def _note(self, said: str, item: str, decided: str) -> None:
        if any(said in toast for toast in self._page.toasts):
            self._diary.told.append(Told(self._name, item, decided))
        else:
            self._diary.left += 1

    def _chosen(self, shares: Mapping) -> str:
        return self._draw.choices(list(shares), list(shares.values()))[0]

    async def _timed(self, action: str, act: Awaitable[None]) -> None:
        """Carry an action out, note how long it took, and think."""
        began = time.perf_counter()
        await act
        self._diary.seconds.setdefault(action, []).append(time.perf_counter() - began)
        await asyncio.sleep(self._draw.uniform(*self._thinks))
