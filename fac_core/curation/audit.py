"""Who decided what and when: the triage log as a table, and how far each person has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from fac_core.curation.triage import Decision
from fac_core.store.events import Event

_SCHEMA = pa.schema(
    {
        "seq": pa.int64(),
        "at": pa.string(),
        "author": pa.string(),
        "feature_id": pa.int64(),
        "action": pa.string(),
        "from": pa.string(),
        "to": pa.string(),
        "reason": pa.string(),
        "note": pa.string(),
    }
)


def audit(history: Sequence[Event]) -> pa.Table:
    """Every triage event in words, the newest first: `action` is `decide`, `undo` or `redo`; `from` and `to` are states.

    Args:
        history: whole histories of their gaps, the oldest first.
    """
    state: dict[str, str] = {}
    rows = []
    for event, action in zip(history, _actions(history), strict=True):
        to = str(event.payload.get("state", "untriaged"))
        rows.append(
            {
                "seq": event.seq,
                "at": event.at,
                "author": event.author,
                "feature_id": int(event.item),
                "action": action,
                "from": state.get(event.item, "untriaged"),
                "to": to,
                "reason": event.payload.get("reason", ""),
                "note": event.payload.get("note", ""),
            }
        )
        state[event.item] = to
    return pa.Table.from_pylist(rows[::-1], _SCHEMA)


def progress(decisions: Mapping[int, Decision], gaps: Collection[int]) -> Counter[str]:
    """How many of some gaps each person has decided, by the decisions that hold."""
    return Counter(decisions[f].author for f in gaps if f in decisions and decisions[f].state != "untriaged")


def _actions(history: Sequence[Event]) -> list[str]:
    by_seq = {event.seq: event for event in history}
    actions = []
    for event in history:
        decision, action = event, "decide"
        while decision.undoes is not None and decision.undoes in by_seq:
            decision, action = by_seq[decision.undoes], "redo" if action == "undo" else "undo"
        actions.append(action)
    return actions
