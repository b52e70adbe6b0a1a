"""Small batches of candidates with exact measurements, written into a workspace as the pipeline would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fac_core.coverage.definition import PAPER, Definition
from fac_core.curation.standing import Standing
from fac_core.store.measurements import Measurement
from fac_core.store.workspace import Workspace
from fac_core.synthesis.batches import find_batch
from fac_core.synthesis.candidates import Batch, Candidate, Candidates, candidate_id
from fac_core.view import View
from fac_core.workflows.decide import standing

Fires = Mapping[int, float]
"""Feature -> activation of one text."""


def candidate(
    batch_id: str = "b", feature_id: int = 2, nth: int = 0, *, activation: float = 5.0, **fields: object
) -> Candidate:
    """A candidate that passes, with what no test asks about filled in."""
    values: dict[str, object] = {
        "text": f"w000 text {feature_id} {nth}",
        "fields": {},
        "shape": "text",
        "method": "one step",
        "prompt": "text@1",
        "generator": "tiny-model",
        "parameters": {"temperature": 0.8},
        "delta": 1.0,
        "tokens": ((0, 4, activation),),
        "verdict": "passes",
    }
    method = fields.get("method", "one step")
    name = candidate_id(batch_id, feature_id, method, nth)  # type: ignore[arg-type]
    return Candidate(name, batch_id, feature_id, activation=activation, **{**values, **fields})  # type: ignore[arg-type]


def make_batch(
    place: Workspace,
    made: Sequence[tuple[Candidate, Fires]],
    *,
    batch_id: str = "b",
    anchor_run_id: str = "id-anchor",
    seed_run_id: str = "id-seed",
    author: str = "worker",
) -> list[Candidate]:
    """Record a batch and its candidates with what each fires; the candidates come back with their versions."""
    targets = tuple(sorted({one.feature_id for one, _ in made}))
    candidates = Candidates(place.events())
    candidates.record_batch(
        Batch(batch_id, anchor_run_id, seed_run_id, "space", targets, {"shape": "text"}), author=author
    )
    place.measurements().record(batch_id, [_measurement(one, 1, fires) for one, fires in made])
    candidates.record([one for one, _ in made], author=author)
    held = candidates.of(batch_id)
    return [held[one.candidate_id] for one, _ in made]


def measure_anew(place: Workspace, candidate: Candidate, fires: Fires) -> Candidate:
    """What the worker does with an edit: a next version with its measurement."""
    place.measurements().record(candidate.batch_id, [_measurement(candidate, candidate.version + 1, fires)])
    Candidates(place.events()).revise(candidate, author="worker")
    return Candidates(place.events()).of(candidate.batch_id)[candidate.candidate_id]


def _measurement(one: Candidate, version: int, fires: Fires) -> Measurement:
    ids = sorted(fires)
    values = np.array([fires[f] for f in ids], np.float32)
    return Measurement(one.candidate_id, version, np.array(ids, np.uint32), values)


def standing_of(workspace: Workspace, definition: Definition = PAPER) -> Standing:
    """Where batch `b` stands."""
    return standing(View.find(definition=definition, workspace=workspace), find_batch(workspace, "b"))
