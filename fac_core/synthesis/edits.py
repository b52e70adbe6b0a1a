"""Edits that people made wait for a measurement: an edited text counts only when it was read in the feature space anew."""

from __future__ import annotations

from fac_core.store.measurements import Measurement, Measurements
from fac_core.synthesis.candidates import Candidate, Candidates
from fac_core.synthesis.parsing import Malformed, Sample, sample
from fac_core.synthesis.proof.verdict import Judge, Wanted
from fac_core.synthesis.spec import Shape


def verify_edits(
    batch_id: str, judge: Judge, candidates: Candidates, measurements: Measurements, *, author: str
) -> list[Candidate]:
    """Measure every candidate of a batch that waits for it, each as a new version. Returns them as they are now."""
    waiting = [one for one in candidates.of(batch_id).values() if one.verdict == "not measured"]
    others = [one.text for one in candidates.of(batch_id).values() if one.verdict != "not measured"]
    judge.known.add(others)
    samples = [_sample(one) for one in waiting]
    judgements = judge(samples, [Wanted(one.feature_id, one.delta, one.fields.get("label", "")) for one in waiting])
    for one, judgement in zip(waiting, judgements, strict=True):
        reading = judgement.reading
        measured = Measurement(one.candidate_id, one.version + 1, reading.feature_ids, reading.activations)
        measurements.record(batch_id, [measured])
        candidates.record([judgement.of(one)], author=author)
    now = candidates.of(batch_id)
    return [now[one.candidate_id] for one in waiting]


def _sample(one: Candidate) -> Sample:
    """The edited text as a sample; a chat's turns are in its fields."""
    shape: Shape = one.shape  # type: ignore[assignment]  # it was written by us
    try:
        return sample(one.fields, shape)
    except Malformed:
        return Sample(one.text, None, {})
