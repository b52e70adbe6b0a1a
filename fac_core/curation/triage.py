"""Triage: what people decide about gaps, as a state machine over the event log.

    untriaged ──▶ target | not relevant | label wrong | later ──▶ any other, and back by undo

A gap is a feature of an anchor, so decisions hold for the anchor (scope = its run id): they outlive the seed that
showed the gap, and a dataset that grows is judged by the decisions that were made already. A part of an anchor and its
whole have one list of decisions (`Triage.of`); an anchor of another source begins with none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args
from uuid import uuid4

from fac_core.curation.acts import last_act, last_undone
from fac_core.datasets.splits import absolute
from fac_core.errors import WrongUse
from fac_core.store.events import Event, EventLog
from fac_core.store.log.over import seen_unless_others
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace

State = Literal["untriaged", "target", "not relevant", "label wrong", "later"]

REASONS: Mapping[State, tuple[str, ...]] = {
    "untriaged": (),
    "target": ("matters for the task", "users ask for it", "cheap to fill"),
    "not relevant": ("off topic", "form, not content", "too rare", "unwanted content"),
    "label wrong": ("examples disagree", "several meanings", "label too broad"),
    "later": ("needs an expert", "needs more evidence", "low priority"),
}
"""Codes to choose from; a free note may stand beside them. Codes can be counted, free text cannot."""

NEEDS_REASON: tuple[State, ...] = ("not relevant", "label wrong")
"""Decisions that take a gap away from synthesis for good: whoever comes later must see why."""

_KIND = "triage"


@dataclass(frozen=True)
class Decision:
    """What holds for a gap."""

    feature_id: int
    state: State
    reason: str
    """One of `REASONS[state]`, or empty."""
    note: str
    author: str
    at: str
    """ISO 8601, UTC; empty while untriaged."""
    version: int
    """What the next author has seen."""


class Triage:
    """The decisions about the gaps of one anchor."""

    def __init__(self, log: EventLog, anchor_run_id: str) -> None:
        self.log = log
        self.scope = anchor_run_id

    @classmethod
    def of(cls, workspace: Workspace, anchor: RunInfo) -> Self:
        """The decisions about the gaps of an anchor, which a part of it and its whole share.

        They stand where the first one was made: so what was decided on a part holds when the whole takes its place. Where
        somebody decided on both before they were shared, each has its own.

        >>> Triage.of(scratch, scratch.info("anchor")).scope == scratch.info("anchor").run_id
        True
        """
        log = workspace.events()
        if not log.newest(anchor.run_id, _KIND):
            decided = {log.newest(one.run_id, _KIND): one.run_id for one in _parts_or_whole(workspace, anchor)}
            if newest := max(decided, default=0):
                return cls(log, decided[newest])
        return cls(log, anchor.run_id)

    def decide(
        self, feature_id: int, state: State, *, author: str, seen: int, reason: str = "", note: str = ""
    ) -> Event:
        """Record a decision on top of the version that its author saw.

        Raises `Conflict`, which carries the other decision, when somebody else decided in the meantime, and `WrongUse`
        for a state or a reason that there is not, or without a reason where one is needed (`NEEDS_REASON`).
        """
        payload = _checked(state, reason, note)
        return self.log.append(self.scope, _KIND, str(feature_id), payload, author=author, seen=seen)

    def decide_many(
        self,
        feature_ids: Collection[int],
        state: State,
        *,
        author: str,
        reason: str = "",
        note: str = "",
        seen: Mapping[int, int] | None = None,
    ) -> list[Event]:
        """One decision about many gaps, in one transaction; the returned events are one `undo`.

        Args:
            seen: the versions that the author saw, by feature; what somebody has decided anew since is left, and not
                returned. None: on top of whatever is there.
        """
        payload = _checked(state, reason, note)
        versions = None if seen is None else {str(f): version for f, version in seen.items()}
        payloads = {str(f): payload for f in feature_ids}
        return self.log.append_many(self.scope, _KIND, payloads, author=author, seen=versions)

    def seen_unless_others(self, feature_ids: Collection[int], author: str, over: str | None) -> dict[int, int]:
        """The versions that decisions go on top of, or `Conflict` where one of somebody else, but for `over`, stands."""
        found = seen_unless_others(self.history(), map(str, feature_ids), author, over)
        return {int(item): version for item, version in found.items()}

    def undo(self, events: Collection[Event], *, author: str) -> list[Event]:
        """Take decisions back. What somebody has decided anew since is left; redo is the undo of what is returned."""
        return self.log.undo_many(list(events), author=author)

    def redo(self, *, author: str) -> list[Event]:
        """Bring back what this author took back last, unless they have decided anew since. Returns the new events."""
        return self.undo(last_undone(self.history(), author), author=author)

    def decisions(self) -> dict[int, Decision]:
        """What holds now, by feature. A gap that is absent is untriaged."""
        return {f: decision for f, decision in decisions_of(self.history()).items() if decision.state != "untriaged"}

    def decision(self, feature_id: int) -> Decision:
        """What holds for one gap."""
        found = decisions_of(self.history(feature_id))
        return found.get(feature_id) or Decision(feature_id, "untriaged", "", "", "", "", 0)

    def targets(self) -> tuple[int, ...]:
        """Features that were approved, ascending."""
        return tuple(sorted(f for f, decision in self.decisions().items() if decision.state == "target"))

    def history(self, feature_id: int | None = None) -> tuple[Event, ...]:
        """Who decided what and when, about one gap or all, the oldest first."""
        return self.log.history(self.scope, _KIND, None if feature_id is None else str(feature_id))

    def newest(self) -> int:
        """`seq` of the newest decision: while it stays, `history` stays the same."""
        return self.log.newest(self.scope, _KIND)

    def last(self, author: str) -> list[Event]:
        """What an undo by this author would take back: their newest act that still holds."""
        return last_act(self.history(), author)


def decisions_of(history: Sequence[Event]) -> dict[int, Decision]:
    """What holds after some events, the oldest first, for each feature that they speak of.

    A gap whose decisions were all taken back is untriaged, with the version that the next author has to have seen.
    """
    return {int(event.item): _decision(event) for event in {event.item: event for event in history}.values()}


def counts(decisions: Mapping[int, Decision], gaps: Collection[int]) -> dict[State, int]:
    """How many of some gaps are in each state."""
    found = Counter(decisions[f].state if f in decisions else "untriaged" for f in gaps)
    return {state: found[state] for state in get_args(State)}


def _parts_or_whole(workspace: Workspace, anchor: RunInfo) -> list[RunInfo]:
    """The runs of which it is a part, or that are a part of it: read from the same source in the same way."""
    peers = workspace.peers(anchor.space_id, besides=[anchor.run_id])
    return [
        one
        for one in peers
        if (one.in_part or anchor.in_part)
        and one.roles == anchor.roles
        and absolute(one.source) == absolute(anchor.source)
    ]


def _checked(state: State, reason: str, note: str) -> dict[str, str]:
    if state not in get_args(State):
        raise WrongUse(f"There is no triage state {state!r}; choose one of {', '.join(get_args(State))}.")
    if reason and reason not in REASONS[state]:
        raise WrongUse(f"{reason!r} is no reason for {state!r}; choose one of {', '.join(REASONS[state]) or 'none'}.")
    if not reason and state in NEEDS_REASON:
        raise WrongUse(f"{state.capitalize()!r} needs a reason; choose one of {', '.join(REASONS[state])}.")
    # What is decided at once, and only that, has one `act`: it is one undo.
    return {"state": state, "reason": reason, "note": note, "act": uuid4().hex[:12]}


def _decision(event: Event) -> Decision:
    payload = event.payload
    if not payload:  # all was taken back
        return Decision(int(event.item), "untriaged", "", "", "", "", event.version)
    return Decision(
        int(event.item), payload["state"], payload["reason"], payload["note"], event.author, event.at, event.version
    )
