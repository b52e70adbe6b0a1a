"""Verdicts: one result type for three judges, kept with their reasons; a person's word wins.

Verdicts are events of a space and a task (scope `space/task`, kind `relevance`). A feature counts as relevant from a
level on: the paper counts Maybe and above (its App. K).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal, get_args

from fac_core.errors import WrongUse
from fac_core.store.events import EventLog

Level = Literal["yes", "probably", "maybe", "no"]
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


class Relevance:
    """The verdicts for one task in one feature space."""

    def __init__(self, log: EventLog, space_id: str, task: str) -> None:
        self._log = log
        self._scope = f"{space_id}/{task}"

    def record(self, verdicts: Mapping[int, Verdict], *, author: str) -> int:
        """Keep verdicts; returns how many. Raises `WrongUse` for a level that there is not."""
        for verdict in verdicts.values():
            if verdict.level not in get_args(Level):
                raise WrongUse(f"There is no level {verdict.level!r}; choose one of {', '.join(get_args(Level))}.")
        # The source is part of the item: judges stand beside each other, and a later one hides no earlier one.
        payloads = {f"{f}:{verdict.source}": asdict(verdict) for f, verdict in verdicts.items()}
        self._log.append_many(self._scope, _KIND, payloads, author=author)
        return len(payloads)

    def of(self, feature_id: int) -> tuple[Verdict, ...]:
        """What every judge says about a feature, the one that holds first."""
        found = [v for v in self._verdicts() if v.feature_id == feature_id]
        return tuple(sorted(found, key=lambda v: -_RANK[v.source]))

    def all(self) -> dict[int, Verdict]:
        """The verdict that holds for each feature: a person's before an LLM's before the statistic's."""
        held: dict[int, Verdict] = {}
        for verdict in sorted(self._verdicts(), key=lambda v: _RANK[v.source]):
            held[verdict.feature_id] = verdict
        return held

    def _verdicts(self) -> list[Verdict]:
        return [Verdict(**event.payload) for event in self._log.latest(self._scope, _KIND).values()]


def relevant_ids(verdicts: Mapping[int, Verdict], least: Level = "maybe") -> frozenset[int]:
    """The features that count: those judged `least` or above."""
    counted = get_args(Level)[: get_args(Level).index(least) + 1]
    return frozenset(feature for feature, verdict in verdicts.items() if verdict.level in counted)
