"""Where a batch stands: coverage now, if accepted, if all that passes is; and what one candidate adds."""

from __future__ import annotations

import pytest

import fac_core as fac
from fac_core.coverage.definition import Definition
from fac_core.errors import NotFound
from fac_core.store.workspace import Workspace
from fac_core.synthesis.batches import find_batch
from fac_core.workflows.decide import mix_in_controls
from tests.batches import candidate, make_batch, standing_of
from tests.runs import make_run


@pytest.fixture
def place(tmp_path):
    place = Workspace.create(tmp_path / "w")
    make_run(
        place.run_path("id-anchor"), "anchor", [(f, s, 1.0 + s) for f in range(10) for s in range(6)], 6, 10
    ).close()
    make_run(place.run_path("id-seed"), "seed", [(0, 0, 1.0), (1, 0, 1.0)], 3, 10).close()
    return place


def decide(place, choice, *candidates, reason=""):
    fac.review([c.candidate_id for c in candidates], choice, author="Ann", reason=reason, workspace=place.folder)


def test_the_three_numbers_are_the_seed_s_with_what_is_accepted_and_with_what_passes(place):
    made = make_batch(
        place,
        [
            (candidate(feature_id=2), {2: 3.0}),
            (candidate(feature_id=3), {3: 3.0}),
            (candidate(feature_id=4), {4: 3.0}),
            (candidate(feature_id=5, verdict="not fluent"), {5: 3.0}),
        ],
    )
    decide(place, "accepted", made[0])
    decide(place, "rejected", made[1], reason="off target")
    found = standing_of(place)
    assert (found.seed.fac, found.accepted.fac, found.if_pending_pass.fac) == (0.2, 0.3, 0.4)


def test_what_a_candidate_adds_is_said_in_words(place):
    made = make_batch(place, [(candidate(feature_id=2, nth=n), {2: 3.0, 3 + n: 2.0}) for n in range(4)])
    before = standing_of(place)
    assert (
        before.effect(made[0].candidate_id).in_words().startswith("+2 features (20.00 points); the target has 0 of 1")
    )
    decide(place, "accepted", made[0])
    assert "; 1 accepted sample already covers the target" in standing_of(place).effect(made[2].candidate_id).in_words()
    decide(place, "accepted", made[1])
    after = standing_of(place)
    assert after.effect(made[2].candidate_id).in_words() == (
        "+1 feature (10.00 points); 2 accepted samples already cover the target"
    )
    assert after.effect(made[0].candidate_id).addition.new == (3,)  # without itself, feature 2 is covered by the other


def test_with_a_count_of_three_a_candidate_may_only_bring_nearer(place):
    made = make_batch(place, [(candidate(feature_id=2, nth=n), {2: 3.0}) for n in range(3)])
    decide(place, "accepted", made[0])
    found = standing_of(place, Definition(min_count=3))
    assert found.effect(made[1].candidate_id).in_words() == (
        "+0 features (0.00 points), 1 more brought nearer to 3 samples; the target has 1 of 3 samples, with this one 2"
    )
    decide(place, "accepted", made[1])
    found = standing_of(place, Definition(min_count=3))
    assert found.effect(made[2].candidate_id).addition.new == (2,)


def test_what_other_batches_closed_is_not_closed_again(place):
    (first,) = make_batch(place, [(candidate("a", 2), {2: 3.0})], batch_id="a")
    (second,) = make_batch(place, [(candidate("b", 2, text="other"), {2: 3.0})])
    decide(place, "accepted", first)
    found = standing_of(place)
    assert found.accepted.fac == 0.3
    assert found.effect(second.candidate_id).addition.new == ()


def test_a_text_that_repeats_an_accepted_one_adds_nothing(place):
    made = make_batch(place, [(candidate(feature_id=2, nth=n, text=" same words "), {2: 3.0}) for n in range(2)])
    decide(place, "accepted", made[0])
    found = standing_of(place, Definition(min_count=2))
    assert found.effect(made[1].candidate_id).addition.nearer == 0
    decide(place, "accepted", made[1])
    assert standing_of(place, Definition(min_count=2)).accepted.numerator == 0


def test_the_smallest_set_is_among_what_passes(place):
    made = make_batch(
        place,
        [
            (candidate(feature_id=2), {2: 3.0}),
            (candidate(feature_id=3), {2: 2.0, 3: 3.0}),
            (candidate(feature_id=4, verdict="does not fire"), {5: 3.0, 6: 3.0, 7: 3.0}),
        ],
    )
    assert standing_of(place).smallest() == (made[1].candidate_id,)


def test_controls_are_shown_and_never_counted(place):
    make_batch(place, [(candidate(feature_id=2), {2: 3.0})])
    assert mix_in_controls("b", 3, author="Ann", workspace=place.folder) == 1
    found = standing_of(place)
    (control,) = found.controls.values()
    assert len(found.shown) == 2
    assert found.effect(control.candidate_id).addition.new
    before = found.if_pending_pass.fac
    from fac_core.curation.review import Reviews

    Reviews(place.events(), "b").decide(control, "accepted", author="Ann", seen=0)
    after = standing_of(place)
    assert after.states[control.candidate_id] == "accepted"
    assert (after.accepted.fac, after.if_pending_pass.fac) == (0.2, before)


def test_a_batch_that_there_is_not_is_said(place):
    with pytest.raises(NotFound, match="fac synthesise"):
        find_batch(place)
    make_batch(place, [(candidate(), {2: 3.0})])
    with pytest.raises(NotFound, match="there is b"):
        find_batch(place, "nothing")
