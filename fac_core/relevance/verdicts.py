"""Verdicts: one result type for three judges, kept with their reasons; a person's word wins.

Verdicts are events of a space and a task (scope `space/task`, kind `relevance`). A feature counts as relevant from a
level on: the paper counts Maybe and above (its App. K).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from fac_core.errors import WrongUse
from fac_core.naming.level import Level
from fac_core.store.events import Event, EventLog

Source = Literal["person", "llm", "statistic"]

_KIND = "relevance"
_RANK: dict[Source, int] = {"statistic": 0, "llm": 1, "person": 2}


@dataclass(frozen=True)
class Verdict:
    """What one judge says about one feature and task."""

    feature_id: int
    level: Level
    source: Source
    reason: str
    score: float | None = None
    """Of the statistic: the odds ratio."""
    model: str | None = None
    """The LLM, if one judged."""
    author: str = ""
    """Who said it; filled in from the log."""
    at: str = ""
    """ISO 8601, UTC; filled in from the log."""


class Relevance:
    """The verdicts for one task in one feature space."""

    def __init__(self, log: EventLog, space_id: str, task: str) -> None:
        self._log = log
        self._scope = f"{space_id}/{task}"
        self.task = task

    def record(self, verdicts: Mapping[int, Verdict], *, author: str) -> int:
        """Keep verdicts; returns how many. What a machine says again in the same words is left out.

        Raises `WrongUse` for a level that there is not.
        """
        for verdict in verdicts.values():
            _check(verdict.level)
        # The source is part of the item: judges stand beside each other, and a later one hides no earlier one.
        said = {f"{f}:{verdict.source}": _payload(verdict) for f, verdict in verdicts.items()}
        standing = self._log.latest(self._scope, _KIND)
        new = {
            item: payload
            for item, payload in said.items()
            if payload["source"] == "person" or item not in standing or standing[item].payload != payload
        }
        self._log.append_many(self._scope, _KIND, new, author=author)
        return len(new)

    def history(self, feature_id: int) -> tuple[Event, ...]:
        """Every verdict on a feature, of all judges, the oldest first. Any of them that holds can be undone."""
        events = (e for source in _RANK for e in self._log.history(self._scope, _KIND, f"{feature_id}:{source}"))
        return tuple(sorted(events, key=lambda event: event.seq))

    def undo(self, event: Event, *, author: str) -> Event:
        """Take a verdict back. Raises `Conflict` if the same judge has judged anew since."""
        return self._log.undo(event, author=author)

    def of(self, feature_id: int) -> tuple[Verdict, ...]:
        """What every judge says about a feature, the one that holds first."""
        newest = {event.item: event for event in self.history(feature_id)}
        found = [_verdict(event) for event in newest.values() if event.payload]
        return tuple(sorted(found, key=lambda v: -_RANK[v.source]))

    def all(self) -> dict[int, Verdict]:
        """The verdict that holds for each feature: a person's before an LLM's before the statistic's."""
        said = map(_verdict, self._log.latest(self._scope, _KIND).values())
        return {verdict.feature_id: verdict for verdict in sorted(said, key=lambda v: _RANK[v.source])}

    def levels(self) -> Mapping[int, Level]:
        """The level that holds for each feature that was judged; read anew only after a new event."""
        return _levels(self._log.path, self._scope, self._log.newest(self._scope, _KIND))

    def relevant(self, least: Level = "maybe") -> frozenset[int]:
        """The features judged `least` or above; who was not judged does not count. Raises `WrongUse` where nobody has judged."""
        levels = self.levels()
        if not levels:
            raise WrongUse(f"No feature has a verdict for {self.task!r} yet. `fac relevance {self.task}` judges them.")
        return relevant_ids(levels, least)


def relevant_ids(levels: Mapping[int, Level], least: Level = "maybe") -> frozenset[int]:
    """The features that count: those judged `least` or above. Raises `WrongUse` for a level that there is not."""
    _check(least)
    counted = get_args(Level)[: get_args(Level).index(least) + 1]
    return frozenset(feature for feature, level in levels.items() if level in counted)


@lru_cache(maxsize=8)
def _levels(log: Path, scope: str, newest: int) -> Mapping[int, Level]:  # noqa: ARG001  # newest: part of the key
    space_id, _, task = scope.rpartition("/")
    return {feature: verdict.level for feature, verdict in Relevance(EventLog(log), space_id, task).all().items()}


def _check(level: str) -> None:
    if level not in get_args(Level):
        raise WrongUse(f"There is no level {level!r}; choose one of {', '.join(get_args(Level))}.")


def _verdict(event: Event) -> Verdict:
    return Verdict(**event.payload, author=event.author, at=event.at)


def _payload(verdict: Verdict) -> dict[str, Any]:
    """Without author and time: the event has them."""
    return {name: value for name, value in asdict(verdict).items() if name not in ("author", "at")}
