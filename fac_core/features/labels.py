"""What features are called: every label ever given, by whom, and how far it can be trusted.

Labels are events of the feature space (kind `label`, item = feature id). A person's label holds over any machine's,
whichever came later; among machines the newest holds. Nothing is ever lost: the history keeps them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from fac_core.errors import WrongUse
from fac_core.features.lexical import LexicalLabel
from fac_core.features.trust import Trust
from fac_core.store.events import Event, EventLog

Method = Literal["lexical", "llm", "person"]

_KIND = "label"
_LONGEST = 200
"""Characters of a label: it has to fit into lists."""


@dataclass(frozen=True)
class Label:
    """A feature's name, with where it comes from."""

    feature_id: int
    text: str
    method: Method
    trust: Trust | None
    """None for a person's, and where nothing was held out."""
    seen: tuple[int, ...]
    """Samples that the label was made from."""
    model: str | None
    """The LLM, if one wrote it."""
    author: str
    at: str
    """ISO 8601, UTC."""


class Labels:
    """The labels of one feature space."""

    def __init__(self, log: EventLog, space_id: str) -> None:
        self._log = log
        self._space = space_id

    def all(self) -> dict[int, Label]:
        """The label that holds for each labelled feature."""
        held: dict[int, Label] = {}
        for event in self._log.history(self._space, _KIND):
            label = _label(event)
            if label is None:
                held.pop(int(event.item), None)
            elif _holds(label, held.get(label.feature_id)) or event.undoes is not None:
                held[label.feature_id] = label
        return held

    def rename(self, feature_id: int, text: str, *, author: str) -> Event:
        """A person's label. Raises `WrongUse` for an empty or an over-long one."""
        text = " ".join(text.split())
        if not 0 < len(text) <= _LONGEST:
            raise WrongUse(f"A label has 1 to {_LONGEST} characters; this one has {len(text)}.")
        seen = self._log.version(self._space, _KIND, str(feature_id))
        payload = _payload(text, "person", None, ())
        return self._log.append(self._space, _KIND, str(feature_id), payload, author=author, seen=seen)

    def record(self, labels: Mapping[int, LexicalLabel]) -> int:
        """Keep lexical labels, those without a clear one left out; returns how many. Labels that stand already are skipped."""
        standing = {(label.feature_id, label.text) for label in self.all().values()}
        payloads = {
            str(feature): _payload(one.text, "lexical", one.trust, one.seen)
            for feature, one in labels.items()
            if one.kind != "none" and (feature, one.text) not in standing
        }
        self._log.append_many(self._space, _KIND, payloads, author="lexical")
        return len(payloads)

    def history(self, feature_id: int) -> tuple[Label, ...]:
        """Every label that a feature was ever given, the oldest first."""
        events = self._log.history(self._space, _KIND, str(feature_id))
        return tuple(label for event in events if (label := _label(event)) is not None)

    def undo(self, event: Event, *, author: str) -> Event:
        """Take a label back. Raises `Conflict` if the feature was labelled anew since."""
        return self._log.undo(event, author=author)


def trust_of(labels: Mapping[int, Label]) -> dict[int, float]:
    """How far each label can be trusted, 0..1: a person's fully, a machine's by its F1. Those never scored are left out."""
    return {
        feature: label.trust.f1 if label.trust and label.method != "person" else 1.0
        for feature, label in labels.items()
        if label.method == "person" or label.trust is not None
    }


def _holds(new: Label, old: Label | None) -> bool:
    return old is None or new.method == "person" or old.method != "person"


def _payload(
    text: str, method: Method, trust: Trust | None, seen: tuple[int, ...], model: str | None = None
) -> dict[str, Any]:
    return {"text": text, "method": method, "trust": trust and asdict(trust), "seen": list(seen), "model": model}


def _label(event: Event) -> Label | None:
    payload = event.payload
    if not payload:
        return None
    measured = payload["trust"]
    return Label(
        feature_id=int(event.item),
        text=payload["text"],
        method=payload["method"],
        trust=Trust(**measured) if measured else None,
        seen=tuple(payload["seen"]),
        model=payload["model"],
        author=event.author,
        at=event.at,
    )
