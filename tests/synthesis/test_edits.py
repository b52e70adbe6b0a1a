"""What a person edited counts only when it was read anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fac_core.errors import NotFound
from fac_core.store.measurements import Measurement
from fac_core.synthesis.batches import find_batch
from fac_core.synthesis.candidates import Candidates
from fac_core.synthesis.edits import verify_edits
from fac_core.synthesis.parsing import Sample
from fac_core.synthesis.proof.similarity import Known
from fac_core.synthesis.proof.verdict import Judge
from fac_core.synthesis.proof.verification import read
from fac_core.synthesis.yields import yields
from fac_core.workflows.synthesise import estimate
from tests.synthesis.loop import Scripted
from tests.synthesis.test_pipeline import NEW


def edited(loop, text):
    """A batch of one candidate, which Ann changed."""
    outcome = loop.run(Scripted(lambda _request, _before: "a"), targets=loop.targets[:1], n=1)
    log = Candidates(loop.place.events())
    (one,) = loop.made(outcome.batch_id)
    log.record([replace(one, text=text, method="edited", verdict="not measured")], author="Ann")
    return outcome.batch_id, one.candidate_id, log


def test_an_edit_is_measured_as_a_new_version_with_what_it_fires(loop):
    batch_id, candidate_id, log = edited(loop, NEW[0])
    (now,) = verify_edits(
        batch_id, Judge(loop.reader, Known(loop.real)), log, loop.place.measurements(), author="worker"
    )
    reading = read(loop.reader, [Sample(NEW[0], None, {})], [now.feature_id])[0]
    assert (now.version, now.text, now.activation) == (3, NEW[0], reading.of(now.feature_id))
    assert now.verdict == ("passes" if now.activation > now.delta else "does not fire")
    measured = loop.place.measurements().of(batch_id)[candidate_id, 3]
    assert isinstance(measured, Measurement)
    assert measured.feature_ids.tolist() == reading.feature_ids.tolist()
    assert [one.verdict for one in log.history(batch_id, candidate_id)][:2] == ["does not fire", "not measured"]


def test_an_edit_into_a_copy_does_not_pass(loop):
    batch_id, _, log = edited(loop, loop.real[5])
    (now,) = verify_edits(
        batch_id, Judge(loop.reader, Known(loop.real)), log, loop.place.measurements(), author="worker"
    )
    assert now.verdict in ("copy", "does not fire")
    assert log.of(batch_id)[now.candidate_id] == now


def test_yields_add_up_and_what_is_not_there_is_named(loop):
    outcome = loop.run(Scripted(lambda request, before: [f"{NEW[before % 6]} {before} {i}." for i in range(request.n)]))
    (found,) = yields(loop.made(outcome.batch_id))
    assert (found.candidates, found.generated, found.closed) == (outcome.candidates, outcome.generated, outcome.closed)
    assert sum(found.verdicts.values()) == outcome.candidates
    assert find_batch(loop.place).batch_id == outcome.batch_id
    with pytest.raises(NotFound, match="no batch"):
        find_batch(loop.place, "nowhere")


def test_an_estimate_is_never_over_the_budget(loop):
    spec = loop.spec(steps=("one step", "two steps", "retry"), attempts=3, m=2)
    free = estimate(spec, workspace=loop.place.folder)
    n = len(loop.targets)
    assert (free.least_requests, free.most_requests) == (n * 2, n * (2 + 2 + 3 * 2))
    assert estimate(replace(spec, budget=50), workspace=loop.place.folder).most_tokens == 50
