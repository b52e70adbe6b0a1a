"""Deciding where somebody else has decided: from a terminal nobody saw a page, so it takes their name to decide over theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fac_core.errors import Conflict
from fac_core.store.events import Event

_NOTHING = ("", "untriaged")


def seen_unless_others(history: Sequence[Event], items: Iterable[str], author: str, over: str | None) -> dict[str, int]:
    """The version of each item that its decision goes on top of.

    Args:
        history: all events of the kind, the oldest first.
        over: whose decisions the author knows and decides against; their own never stand in the way.

    Raises `Conflict` where a decision of somebody else stands.
    """
    newest = {event.item: event for event in history}
    wanted = {item: newest.get(item) for item in items}
    for event in wanted.values():
        if event is None or event.author in (author, over):
            continue
        what = next((str(v) for k, v in event.payload.items() if k in ("state", "choice", "text", "level")), "")
        if what not in _NOTHING:
            raise Conflict(
                f"{event.author} has decided {event.kind} {event.item.partition(':')[0]}: {what}, {event.at}."
                f" To decide all the same, say --over {event.author!r}.",
                event,
            )
    return {item: event.version if event else 0 for item, event in wanted.items()}
