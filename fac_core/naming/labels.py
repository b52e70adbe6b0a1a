"""What features are called: every label ever given, by whom, and how far it can be trusted.

Labels are events of the feature space (kind `label`). People's are about the item `<feature id>`, machines' about
`<feature id>:<method>`, those that ship with the SAE about `<feature id>:shipped`, others' about `<feature id>:imported`: so none hides another, and taking one back
never brings the wrong one up. A person's label holds over any machine's, whichever came later; among machines the one that
predicts best holds, of equals the newest.
The history keeps them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from fac_core.errors import WrongUse
from fac_core.naming.explanation import Explained
from fac_core.naming.imported import ImportedLabel
from fac_core.naming.level import Level
from fac_core.naming.lexical import LexicalLabel
from fac_core.naming.trust import Trust
from fac_core.store.events import Event, EventLog

Method = Literal["lexical", "llm", "imported", "person"]

_KIND = "label"
_SCORES = ("method", "f1", "precision", "recall", "n_positive", "n_negative")
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
    run_id: str | None
    """The run whose samples they are."""
    model: str | None
    """The LLM, if one wrote it."""
    prompt: str | None
    """Names and versions of the prompts, if an LLM wrote it."""
    verified: Level | None
    """How well the label fits its samples, in a second opinion of the LLM."""
    author: str
    at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True)
class Names:
    """What lists show of all labels, by feature: plain text and numbers, so that the garbage collector passes them over."""

    text: Mapping[int, str] = field(default_factory=dict)
    trust: Mapping[int, float] = field(default_factory=dict)
    """As `trust_of` gives it."""


class Labels:
    """The labels of one feature space."""

    def __init__(self, log: EventLog, space_id: str) -> None:
        self._log = log
        self._space = space_id

    def all(self) -> dict[int, Label]:
        """The label that holds for each labelled feature. Reading those of 65,536 features takes a second."""
        ranked = sorted(filter(_is_ours, self._log.latest(self._space, _KIND).values()), key=_rank)
        return {_feature(event): _label(event) for event in ranked}

    def names(self) -> Names:
        """Text and trust of the labels that hold; read anew only after a new event."""
        return _names(self._log.path, self._space, self._log.newest(self._space, _KIND))

    def of(self, feature_id: int) -> Label | None:
        """The label that holds for one feature: what `all` says of it, without reading the others."""
        newest = {event.item: event for event in self.events(feature_id)}
        holding = [event for event in newest.values() if _is_ours(event)]
        return _label(max(holding, key=_rank)) if holding else None

    def version(self, feature_id: int) -> int:
        """How often people have named a feature: what the next one has seen."""
        return self._log.version(self._space, _KIND, str(feature_id))

    def rename(self, feature_id: int, text: str, *, author: str, seen: int | None = None) -> Event:
        """A person's label.

        Args:
            seen: the `version` that the author saw; None is the newest.

        Raises `WrongUse` for an empty or an over-long one, `Conflict` if somebody named it after the author looked.
        """
        text = " ".join(text.split())
        if not 0 < len(text) <= _LONGEST:
            raise WrongUse(f"A label has 1 to {_LONGEST} characters; this one has {len(text)}.")
        version = self.version(feature_id) if seen is None else seen
        payload = _payload(text, "person", None, (), None)
        return self._log.append(self._space, _KIND, str(feature_id), payload, author=author, seen=version)

    def record(self, labels: Mapping[int, LexicalLabel], *, run_id: str | None = None) -> int:
        """Keep lexical labels, made from a run; returns how many.

        Those without a clear one are left out, and those that stand already in every detail.
        """
        said = {
            feature: _payload(one.text, "lexical", one.trust, one.seen, run_id)
            for feature, one in labels.items()
            if one.kind != "none"
        }
        return self._record("lexical", said, author="lexical")

    def record_shipped(self, labels: pa.Table, *, source: str) -> int:
        """Keep labels in words that ship with a SAE (schema `shipped_space.LABELS`); returns how many.

        Only where the space has no label yet: what somebody took back must not come again.

        Args:
            source: whose they are, for the record.
        """
        if self._log.newest(self._space, _KIND):
            return 0
        said = {
            row["feature_id"]: _payload(row["text"], "lexical", _scored(row), (), None) for row in labels.to_pylist()
        }
        return self._record("shipped", said, author=source)

    def record_explained(self, explained: Mapping[int, Explained], *, run_id: str) -> int:
        """Keep labels that an LLM made from a run and did not take back on verifying; returns how many are new."""
        labelled = {feature: one for feature, one in explained.items() if one.outcome == "labelled"}
        said = {
            feature: {
                **_payload(one.text, "llm", one.trust, one.seen, run_id, one.model),
                "prompt": one.prompt,
                "verified": one.verified,
            }
            for feature, one in labelled.items()
        }
        return self._record("llm", said, author=next((one.model for one in labelled.values()), "llm"))

    def record_imported(
        self, labels: Mapping[int, ImportedLabel], trust: Mapping[int, Trust | None], *, run_id: str
    ) -> int:
        """Keep labels that others gave, with how well they predict the samples of a run; returns how many are new."""
        by_source: dict[str, dict[int, dict[str, Any]]] = {}
        for feature, one in labels.items():
            said = _payload(one.text, "imported", trust.get(feature), (), run_id, one.model)
            by_source.setdefault(one.source, {})[feature] = {**said, "prompt": one.method}
        return sum(self._record("imported", said, author=source) for source, said in by_source.items())

    def _record(self, maker: str, said: Mapping[int, dict[str, Any]], *, author: str) -> int:
        standing = self._log.latest(self._space, _KIND)
        new = {
            item: payload
            for feature, payload in said.items()
            if (item := f"{feature}:{maker}") not in standing or standing[item].payload != payload
        }
        self._log.append_many(self._space, _KIND, new, author=author)
        return len(new)

    def imported(self) -> list[Label]:
        """What others called features, whether it holds or not, in the order of the features."""
        latest = self._log.latest(self._space, _KIND)
        found = (_label(event) for item, event in latest.items() if item.endswith(":imported") and event.payload)
        return sorted(found, key=lambda label: label.feature_id)

    def history(self, feature_id: int) -> tuple[Label, ...]:
        """Every label that a feature was ever given, the oldest first."""
        return tuple(_label(event) for event in self.events(feature_id) if event.payload)

    def events(self, feature_id: int) -> tuple[Event, ...]:
        """The events behind the history, undos among them: what `undo` takes."""
        items = (str(feature_id), *(f"{feature_id}:{maker}" for maker in ("shipped", "imported", "lexical", "llm")))
        found = (event for item in items for event in self._log.history(self._space, _KIND, item))
        return tuple(sorted(found, key=lambda event: event.seq))

    def undo(self, event: Event, *, author: str) -> Event:
        """Take a label back. Raises `Conflict` if a person (or, for a machine's, its method) labelled anew since."""
        return self._log.undo(event, author=author)


def trust_of(labels: Mapping[int, Label]) -> dict[int, float]:
    """How far each label can be trusted, 0..1: a person's fully, a machine's by its F1. Those never scored are left out."""
    return {
        feature: label.trust.f1 if label.trust and label.method != "person" else 1.0
        for feature, label in labels.items()
        if label.method == "person" or label.trust is not None
    }


@lru_cache(maxsize=8)
def _names(log: Path, space: str, newest: int) -> Names:  # noqa: ARG001  # newest: part of the key
    held = Labels(EventLog(log), space).all()
    return Names({feature: label.text for feature, label in held.items()}, trust_of(held))


def _payload(
    text: str, method: Method, trust: Trust | None, seen: tuple[int, ...], run_id: str | None, model: str | None = None
) -> dict[str, Any]:
    measured = asdict(trust) if trust else None
    return {"text": text, "method": method, "trust": measured, "seen": list(seen), "run_id": run_id, "model": model}


def _scored(row: Mapping[str, Any]) -> Trust | None:
    """The trust in a row of schema `LABELS`."""
    return None if row["f1"] is None else Trust(**{name: row[name] for name in _SCORES})


def _rank(event: Event) -> tuple[bool, float, int]:
    """What holds comes last: a person's label; of machines' the one that predicts better; of equals the newer."""
    measured = event.payload["trust"]
    return event.payload["method"] == "person", measured["f1"] if measured else 0.0, event.seq


def _is_ours(event: Event) -> bool:
    """Whether an event says what a label says: a workspace from somebody else may hold any."""
    said = event.payload
    measured = said.get("trust")
    return (
        isinstance(said.get("text"), str)
        and isinstance(said.get("method"), str)
        and isinstance(said.get("seen"), list)
        and "model" in said
        and (not measured or (isinstance(measured, dict) and {*measured, "model"} == {f.name for f in fields(Trust)}))
        and _feature_of(event.item).isdecimal()
    )


def _feature_of(item: str) -> str:
    return item.partition(":")[0]


def _feature(event: Event) -> int:
    return int(_feature_of(event.item))


def _label(event: Event) -> Label:
    payload = event.payload
    measured = payload["trust"]
    return Label(
        feature_id=_feature(event),
        text=payload["text"],
        method=payload["method"],
        trust=Trust(**measured) if measured else None,
        seen=tuple(payload["seen"]),
        run_id=payload.get("run_id"),
        model=payload["model"],
        prompt=payload.get("prompt"),
        verified=payload.get("verified"),
        author=event.author,
        at=event.at,
    )
