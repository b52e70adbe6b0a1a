"""What holds after undos: pure, over the history of an item. The undo of an undo puts a decision back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fac_core.errors import Conflict

if TYPE_CHECKING:
    from fac_core.store.events import Event


def taken_back(events: Sequence[Event]) -> dict[int, Event]:
    """Of the decisions that do not stand because they were taken back, `seq` to the undo that did so last.

    `events` are whole histories of their items.
    """
    by_seq = {event.seq: event for event in events}
    found: dict[int, Event] = {}
    for event in events:
        decision, is_undo = _root(event, by_seq)
        if is_undo:
            found[decision.seq] = event
        else:
            found.pop(decision.seq, None)
    return found


def _root(event: Event, by_seq: Mapping[int, Event]) -> tuple[Event, bool]:
    """The decision that an event is about, and whether the event takes it back: the undo of an undo puts it back."""
    is_undo = False
    # What an undo took back may be gone: the chain tells of that.
    while event.undoes is not None and event.undoes in by_seq:
        event, is_undo = by_seq[event.undoes], not is_undo
    return event, is_undo


def before(event: Event, past: Sequence[Event]) -> dict[str, Any]:
    """What held for the item before an event; `past` is its history.

    Raises `Conflict` if the item has been decided anew since, so that more than the event would be taken back.
    """
    decision, is_undo = _root(event, {one.seq: one for one in past})
    standing = _standing(past)
    if is_undo:
        holds = taken_back(past).get(decision.seq) == event
        holds = holds and standing == _standing([one for one in past if one.seq <= event.seq])
        payload = decision.payload
    else:
        holds = bool(standing) and standing[-1] == decision
        payload = standing[-2].payload if len(standing) > 1 else {}
    if not holds:
        raise conflict(past[-1])
    return payload


def _standing(past: Sequence[Event]) -> list[Event]:
    """The decisions about one item that were not taken back, the oldest first; the last one holds."""
    gone = taken_back(past)
    return [event for event in past if event.undoes is None and event.seq not in gone]


def conflict(theirs: Event) -> Conflict:
    """For whoever did not see `theirs`."""
    return Conflict(
        f"{theirs.author} decided {theirs.kind} {theirs.item} at {theirs.at}, after you looked."
        " Look again, then decide.",
        theirs,
    )
