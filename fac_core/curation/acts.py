"""Acts: what one person did at once, as the events of a log, so that one undo takes it back and one redo brings it again.

Both are read from the log, so they work after a reload, and from another machine.
"""

from __future__ import annotations

from collections.abc import Sequence

from fac_core.store.events import Event
from fac_core.store.log.undo import taken_back


def last_act(history: Sequence[Event], author: str) -> list[Event]:
    """What an undo by this author would take back: their newest decision that stands, with those made at once.

    Decisions of one act follow each other in the log, carry one time stamp, and one `act` in their payloads (or, without
    any, one payload).

    Args:
        history: all events of the kind, the oldest first.
    """
    gone = taken_back(history)
    standing = [e for e in history if e.undoes is None and e.author == author and e.seq not in gone]
    return _newest_act(standing)


def last_undone(history: Sequence[Event], author: str) -> list[Event]:
    """What a redo by this author would bring back: the undos whose undoing does it. Pass them to `EventLog.undo_many`.

    It is the act that the author took back last, unless they have decided anew since: then there is nothing to redo.
    """
    newest = max((e.seq for e in history if e.undoes is None and e.author == author), default=0)
    by_seq = {event.seq: event for event in history}
    undos = {seq: undo for seq, undo in taken_back(history).items() if undo.author == author and undo.seq > newest}
    if not undos:
        return []
    latest = max(undos, key=lambda seq: undos[seq].seq)
    act = [seq for seq in undos if seq == latest or _same_act(by_seq[seq], by_seq[latest])]
    return [undos[seq] for seq in sorted(act)]


def _newest_act(decisions: Sequence[Event]) -> list[Event]:
    act: list[Event] = []
    for event in reversed(decisions):
        if act and not (event.seq == act[-1].seq - 1 and _same_act(event, act[-1])):
            break
        act.append(event)
    return act[::-1]


def _same_act(one: Event, other: Event) -> bool:
    mine, theirs = (event.payload.get("act", event.payload) for event in (one, other))
    return one.at == other.at and mine == theirs and one.item != other.item
