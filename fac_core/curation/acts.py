"""Acts: what one person did at once, as the events of a log, so that one undo takes it back."""

from __future__ import annotations

from collections.abc import Sequence

from fac_core.store.events import Event


def last_act(history: Sequence[Event], author: str) -> list[Event]:
    """What an undo by this author would take back: their newest decision that still holds, with those made at once.

    Decisions of one transaction follow each other in the log, carry one time stamp, and one payload (or, where payloads
    differ from item to item, one `act` in it).

    Args:
        history: all events of the kind, the oldest first.
    """
    by_seq = {event.seq: event for event in history}
    stands: dict[int, bool] = {}
    for event in history:
        decision, taken_back = event, False
        while decision.undoes is not None:  # an undo takes back, the undo of an undo puts back, and so on
            decision, taken_back = by_seq[decision.undoes], not taken_back
        stands[decision.seq] = not taken_back
    act: list[Event] = []
    for event in reversed([by_seq[seq] for seq, holds in stands.items() if holds and by_seq[seq].author == author]):
        if act and not (event.seq == act[-1].seq - 1 and _same_act(event, act[-1])):
            break
        act.append(event)
    return act[::-1]


def _same_act(one: Event, other: Event) -> bool:
    mine, theirs = (event.payload.get("act", event.payload) for event in (one, other))
    return one.at == other.at and mine == theirs and one.item != other.item
