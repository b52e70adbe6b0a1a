"""Candidates: texts generated for a target, each with its measurement and verdict, kept in the event log.

A *batch* is one synthesis: what was asked for, of whom, against which seed and anchor. Its candidates are events of the
scope `<batch_id>`, kind `candidate`; a person's edit is a new version of the same candidate, and the text before it
stays in the history. The pooled activations of a candidate, which the effect on coverage is computed from, lie beside
the log (`store/measurements.py`), under the candidate's id and version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from fac_core.store.events import Event, EventLog

Verdict = Literal[
    "passes", "does not fire", "duplicate", "copy", "not fluent", "wrong label", "malformed", "failed", "not measured"
]
"""`passes` and nothing else may be accepted. `not measured`: edited by a person, waiting for the worker."""

Method = Literal["one step", "two steps", "steered", "retry", "guided", "edited"]

_CANDIDATE, _BATCH = "candidate", "batch"


@dataclass(frozen=True)
class Candidate:
    """One generated text for one target."""

    candidate_id: str
    batch_id: str
    feature_id: int
    """The target."""
    text: str
    """What was encoded; for a chat its transcript. Offsets count its characters."""
    fields: dict[str, Any]
    """What the shape asks for: `label`; `instruction`, `response`; `chosen`, `rejected`; `messages` …"""
    shape: str
    method: Method
    prompt: str
    """Name and version of the prompt template."""
    generator: str
    parameters: dict[str, Any]
    """Temperature, steering strength, seed …"""
    activation: float
    """`g_i(x)` of the target, read plainly (never steered)."""
    delta: float
    """δ of the target when it was measured."""
    tokens: tuple[tuple[int, int, float], ...]
    """(char_start, char_end, activation) of the tokens on which the target is active, in reading order."""
    verdict: Verdict
    detail: str = ""
    """The verdict in a sentence: what failed, and by how much."""
    perplexity: float | None = None
    """Under the model itself, unsteered."""
    similarity: float | None = None
    """To the nearest other text (seed, anchor, candidates), 1 is identical."""
    n_generated: int = 0
    """Tokens that were generated for it."""
    version: int = 0
    """In the log; filled in by it."""
    author: str = ""
    at: str = ""

    @property
    def peak(self) -> tuple[int, int, float] | None:
        """The strongest token."""
        return max(self.tokens, key=lambda token: token[2]) if self.tokens else None


@dataclass(frozen=True)
class Batch:
    """One synthesis, as it was asked for."""

    batch_id: str
    anchor_run_id: str
    seed_run_id: str
    space_id: str
    targets: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    """Definition, task, shape, generator, methods, budget: whatever makes the same batch again."""
    author: str = ""
    at: str = ""


class Candidates:
    """The batches of a workspace and their candidates."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def record_batch(self, batch: Batch, *, author: str) -> None:
        """Keep what is asked for, before anything is generated. Saying it again changes nothing."""
        if self._log.version(batch.anchor_run_id, _BATCH, batch.batch_id) == 0:
            self._log.append(batch.anchor_run_id, _BATCH, batch.batch_id, _payload(batch), author=author, seen=0)

    def batches(self, anchor_run_id: str) -> list[Batch]:
        """The batches for an anchor, the newest last."""
        events = sorted(self._log.latest(anchor_run_id, _BATCH).values(), key=lambda event: event.seq)
        return [Batch(**_filled(event, targets=tuple(event.payload["targets"]))) for event in events]

    def record(self, candidates: Sequence[Candidate], *, author: str) -> None:
        """Keep candidates, all or none: one call a target is its checkpoint."""
        by_batch: dict[str, dict[str, Mapping[str, Any]]] = {}
        for one in candidates:
            by_batch.setdefault(one.batch_id, {})[one.candidate_id] = _payload(one)
        for batch_id, payloads in by_batch.items():
            self._log.append_many(batch_id, _CANDIDATE, payloads, author=author)

    def revise(self, candidate: Candidate, *, author: str) -> Event:
        """A next version on top of `candidate.version`. Raises `Conflict` if somebody changed it in the meantime."""
        item, seen = candidate.candidate_id, candidate.version
        return self._log.append(candidate.batch_id, _CANDIDATE, item, _payload(candidate), author=author, seen=seen)

    def of(self, batch_id: str) -> dict[str, Candidate]:
        """What holds of each candidate of a batch, in the order of the log."""
        events = sorted(self._log.latest(batch_id, _CANDIDATE).values(), key=lambda event: event.seq)
        return {event.item: _candidate(event) for event in events}

    def history(self, batch_id: str, candidate_id: str) -> list[Candidate]:
        """Every version of a candidate, the oldest first."""
        return [_candidate(e) for e in self._log.history(batch_id, _CANDIDATE, candidate_id) if e.payload]


def candidate_id(batch_id: str, feature_id: int, method: Method, nth: int) -> str:
    """Stable name of the nth candidate that a method makes for a target: a resumed job names it the same."""
    return hashlib.sha256(json.dumps([batch_id, feature_id, method, nth]).encode()).hexdigest()[:16]


def _payload(one: Candidate | Batch) -> dict[str, Any]:
    """Without what the event has itself."""
    return {name: value for name, value in asdict(one).items() if name not in ("version", "author", "at")}


def _filled(event: Event, **changed: Any) -> dict[str, Any]:
    return {**event.payload, **changed, "author": event.author, "at": event.at}


def _candidate(event: Event) -> Candidate:
    tokens = tuple((start, end, value) for start, end, value in event.payload["tokens"])
    return Candidate(**_filled(event, tokens=tokens), version=event.version)
