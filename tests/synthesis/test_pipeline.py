"""Targets in, candidates with proof out: paid once, capped, and whole after any interruption."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fac_core.activations.pipeline import encode
from fac_core.activations.reopen import run_sae
from fac_core.activations.spec import EncodeSpec
from fac_core.errors import Stopped, WrongUse
from fac_core.generators.steered import SteeredGenerator
from fac_core.synthesis.parsing import Sample
from fac_core.synthesis.proof.verification import read
from fac_core.synthesis.spec import SynthesisSpec
from tests.synthesis.loop import WORDS, Scripted

NEW = [
    "Seven parties shall divide the contract among them before it ends.",
    "A whale laughed in the open café and sang of bones until late.",
    "In the last minute of the match 9 goals were scored by either team.",
    "Naïve teams add 5 and 6, then they are terminated by the smallest.",
    "The ear of the room is far from the femur, she said, and left us.",
    "Divide the longest match by 2; the sum shall be late in 東京 too.",
]


def different(_request, before):
    """Two texts that nobody wrote before."""
    return [f"{NEW[(before + i) % 6]} {before * 7 + i} more of {before} 😀 {'xyz'[i]}." for i in range(2)]


def test_what_is_recorded_equals_an_encoded_run_of_the_same_texts(loop, tmp_path):
    outcome = loop.run(Scripted(different))
    made = loop.made(outcome.batch_id)
    path = tmp_path / "made.jsonl"
    path.write_text("\n".join(json.dumps({"text": one.text}) for one in made), encoding="utf-8")
    with loop.place.run("anchor") as p:
        spec = EncodeSpec(model=p.info.model, sae=p.info.sae, context=64, dtype="float32")
    run_id = encode(path, loop.place, spec, name="made").run_id
    measured = loop.place.measurements().of(outcome.batch_id)
    with loop.place.run(run_id) as run:
        for sample_id, one in enumerate(made):
            rows = run.query(
                "SELECT feature_id, activation FROM activations WHERE sample_id = ? ORDER BY feature_id", [sample_id]
            )
            mine = measured[one.candidate_id, one.version]
            assert mine.feature_ids.tolist() == rows["feature_id"].to_pylist()
            np.testing.assert_array_equal(mine.activations, rows["activation"].to_numpy())
            fired = dict(zip(mine.feature_ids.tolist(), mine.activations.tolist(), strict=True))
            assert one.activation == fired.get(one.feature_id, 0.0)
            assert one.activation == (one.peak[2] if one.peak else 0.0)
            assert (one.verdict == "does not fire") == (one.activation <= one.delta)


def test_the_same_spec_again_asks_for_nothing(loop):
    first, again = Scripted(different), Scripted(different)
    outcome = loop.run(first)
    assert len(first.asked) == len(loop.targets)
    assert loop.run(again) == outcome
    assert again.asked == []


def test_a_stopped_run_keeps_finished_targets_and_goes_on_with_the_others(loop):
    def stop_after_two(done, _total, _note=""):
        if done == 2:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        loop.run(Scripted(different), on_progress=stop_after_two)
    rest = Scripted(different)
    outcome = loop.run(rest)
    assert len(rest.asked) == len(loop.targets) - 2
    assert {one.feature_id for one in loop.made(outcome.batch_id)} == set(loop.targets)
    measured = loop.place.measurements().of(outcome.batch_id)
    assert all((one.candidate_id, one.version) in measured for one in loop.made(outcome.batch_id))


def test_only_targets_whose_requests_all_failed_are_tried_again(loop):
    broken = Scripted(lambda request, before: None if before == 1 else different(request, before))
    outcome = loop.run(broken)
    failed = [one for one in loop.made(outcome.batch_id) if one.verdict == "failed"]
    assert [(one.feature_id, one.detail) for one in failed] == [(loop.targets[1], "the server is away")]
    mended = Scripted(different)
    loop.run(mended)
    assert len(mended.asked) == 1
    assert not any(one.verdict == "failed" for one in loop.made(outcome.batch_id))


def test_the_budget_is_a_hard_cap_and_may_be_raised(loop):
    cap = 2 * WORDS * 2  # two targets of two candidates
    outcome = loop.run(Scripted(different), budget=cap + 1)
    assert outcome.generated <= cap
    assert outcome.budget_spent
    assert outcome.untouched == loop.targets[2:]
    raised = loop.run(Scripted(different), budget=100 * WORDS)
    assert raised.batch_id == outcome.batch_id
    assert not raised.budget_spent
    assert raised.untouched == ()


def test_a_copy_of_a_real_text_proves_nothing(loop):
    outcome = loop.run(Scripted(lambda _request, before: [loop.real[5], f"{loop.real[5]} Indeed {before}."]))
    fired = [one for one in loop.made(outcome.batch_id) if one.activation > one.delta]
    assert fired
    assert {one.verdict for one in fired} == {"copy"}


def test_the_same_text_passes_once(loop):
    outcome = loop.run(Scripted(lambda _request, _before: NEW[0]))
    fired = [one for one in loop.made(outcome.batch_id) if one.activation > one.delta]
    assert [one.verdict for one in fired].count("passes") <= 1
    assert "duplicate" in {one.verdict for one in fired[1:]}


def test_a_target_that_fires_nowhere_gets_its_span_with_the_activation_that_it_has(loop):
    generator = Scripted(lambda _request, _before: '{"text": "a"}')  # the seed's only text, so no gap fires in it
    outcome = loop.run(generator, steps=("one step", "two steps"), prompt="text", targets=loop.targets[:1])
    made = loop.made(outcome.batch_id)
    assert {one.verdict for one in made} == {"does not fire"}
    pairs = {one.parameters["pair"] for one in made if one.method == "two steps"}
    assert pairs == {"anchor span, since no candidate fired"}
    with loop.place.run("anchor") as p:
        strongest = p.query("SELECT max(activation) AS m FROM activations WHERE feature_id = ?", [loop.targets[0]])
    assert f"({strongest['m'][0].as_py():.1f}): " in generator.asked[-1].messages[-1].content


def test_a_done_target_is_asked_for_nothing_more(loop):
    generator = Scripted(different)
    outcome = loop.run(generator, steps=("one step", "two steps"))
    made = loop.made(outcome.batch_id)
    closed_by_step_1 = {one.feature_id for one in made if one.method == "one step" and one.verdict == "passes"}
    assert closed_by_step_1
    assert not closed_by_step_1 & {one.feature_id for one in made if one.method == "two steps"}


def test_what_was_steered_is_measured_without_steering(loop):
    with loop.place.run("anchor") as p:
        generator = SteeredGenerator(p.info.model, run_sae(p.info))
    outcome = loop.run(generator, steps=("steered",), m=2, targets=loop.targets[:2])
    made = [one for one in loop.made(outcome.batch_id) if one.verdict != "malformed"]
    assert made
    assert all(one.parameters["strength"] > 0 for one in made)
    for one, reading in zip(
        made, read(loop.reader, [Sample(one.text, None, {}) for one in made], [m.feature_id for m in made]), strict=True
    ):
        assert one.activation == reading.of(one.feature_id)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"n": 0}, "n is 0"),
        ({"steps": ("steered",)}, "cannot steer"),
        ({"steps": ()}, "steps are none"),
        ({"budget": 0}, "budget"),
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(options, named):
    with pytest.raises(WrongUse, match=named):
        SynthesisSpec(**options)
