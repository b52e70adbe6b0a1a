"""Controls: real texts that fire a target, mixed unmarked among its candidates.

What a reviewer says of them measures the reviewer: the share of good, real texts that they reject is the floor below
which their rejections of candidates say nothing. A control is kept as an event of the batch (kind `control`), looks like
a candidate of its target, is decided about like one, and never counts as one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from fac_core.evidence.examples import top_examples
from fac_core.store.events import EventLog
from fac_core.store.measurements import Measurement
from fac_core.store.runs.run_file import RunFile
from fac_core.synthesis.candidates import Candidate

_KIND = "control"
_TRIED = 50
"""Strongest anchor samples of a feature among which the control is drawn, the nearest in length to its model."""


@dataclass(frozen=True)
class Control:
    """A real text in the clothes of a candidate."""

    control_id: str
    feature_id: int
    sample_id: int
    """In the anchor."""
    like: str
    """The candidate whose method, prompt and generator it shows."""
    text: str
    activation: float
    tokens: tuple[tuple[int, int, float], ...]

    def disguised(self, like: Candidate) -> Candidate:
        """As the reviewer sees it."""
        return replace(
            like,
            candidate_id=self.control_id,
            feature_id=self.feature_id,
            text=self.text,
            fields={},
            activation=self.activation,
            tokens=self.tokens,
            verdict="passes",
            detail="",
            perplexity=None,
            similarity=None,
            version=0,
        )


class Controls:
    """The controls of one batch."""

    def __init__(self, log: EventLog, batch_id: str) -> None:
        self._log = log
        self._batch = batch_id

    def mix_in(self, anchor: RunFile, candidates: Collection[Candidate], n: int, *, author: str) -> list[Control]:
        """Draw up to n controls, one a target, of about the length of that target's candidate. Same batch, same draw."""
        by_target: dict[int, Candidate] = {}
        for one in sorted(candidates, key=lambda c: c.candidate_id):
            if one.verdict == "passes" and "messages" not in one.fields:
                by_target.setdefault(one.feature_id, one)
        drawn = sorted(by_target.values(), key=lambda c: _id(self._batch, c.feature_id))
        found = (_control(anchor, self._batch, one) for one in drawn)
        controls = [one for one in found if one is not None][:n]
        known = self.ids()
        self._log.append_many(
            self._batch,
            _KIND,
            {one.control_id: asdict(one) for one in controls if one.control_id not in known},
            author=author,
        )
        return controls

    def ids(self) -> frozenset[str]:
        """Of all controls."""
        return frozenset(self._log.latest(self._batch, _KIND))

    def all(self) -> dict[str, Control]:
        """By id."""
        found = self._log.latest(self._batch, _KIND)
        return {
            item: Control(**{**event.payload, "tokens": tuple(map(tuple, event.payload["tokens"]))})
            for item, event in found.items()
        }

    def disguised(self, candidates: Mapping[str, Candidate]) -> dict[str, Candidate]:
        """The controls as candidates; one whose model is not among `candidates` is left out."""
        return {
            one: control.disguised(candidates[control.like])
            for one, control in self.all().items()
            if control.like in candidates
        }


def measured(anchor: RunFile, control: Control) -> Measurement:
    """What a control fires, from the anchor."""
    found = anchor.query(
        "SELECT feature_id, activation FROM activations WHERE sample_id = ? ORDER BY feature_id", [control.sample_id]
    )
    return Measurement(
        control.control_id,
        0,
        found["feature_id"].to_numpy().astype(np.uint32),
        found["activation"].to_numpy().astype(np.float32),
    )


def _control(anchor: RunFile, batch_id: str, like: Candidate) -> Control | None:
    shown = [e for e in top_examples(anchor, like.feature_id, _TRIED) if e.tokens and e.activation > like.delta]
    if not shown:
        return None
    chosen = min(shown, key=lambda e: (abs(len(e.text) - len(like.text)), e.sample_id))
    return Control(
        control_id=_id(batch_id, like.feature_id),
        feature_id=like.feature_id,
        sample_id=chosen.sample_id,
        like=like.candidate_id,
        text=chosen.text,
        activation=chosen.activation,
        tokens=tuple((t.char_start, t.char_end, t.activation) for t in chosen.tokens),
    )


def _id(batch_id: str, feature_id: int) -> str:
    """Looks like a candidate's id, so that lists ordered by id mix them evenly."""
    return hashlib.sha256(json.dumps([batch_id, feature_id, _KIND]).encode()).hexdigest()[:16]
