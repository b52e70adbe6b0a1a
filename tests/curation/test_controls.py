"""Controls look like candidates, are drawn once, and measure the reviewer."""

from __future__ import annotations

import pytest

from fac_core.coverage.definition import PAPER
from fac_core.coverage.effect import fired, seed_counts
from fac_core.curation.agreement import agreement, noise_floors, progress
from fac_core.curation.controls import Controls, measured
from fac_core.curation.review import Reviews
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidates
from tests.batches import candidate, make_batch
from tests.runs import make_run


@pytest.fixture
def place(tmp_path):
    place = Workspace.create(tmp_path / "w")
    anchor = [(f, s, 1.0 + f + s) for f in range(4) for s in range(6)]
    make_run(place.run_path("id-anchor"), "anchor", anchor, 6, 5, n_tokens=[1, 2, 3, 4, 5, 6]).close()
    make_run(place.run_path("id-seed"), "seed", [(0, 0, 1.0)], 2, 5).close()
    return place


def test_a_control_is_a_real_text_of_the_target_in_the_clothes_of_its_candidate(place):
    make_batch(place, [(candidate(feature_id=f), {f: 5.0}) for f in (2, 3)])
    controls = Controls(place.events(), "b")
    with place.run("anchor") as anchor:
        drawn = controls.mix_in(anchor, Candidates(place.events()).of("b").values(), 5, author="Ann")
        assert controls.mix_in(anchor, Candidates(place.events()).of("b").values(), 5, author="Ann") == drawn
    assert sorted(one.feature_id for one in drawn) == [2, 3]
    shown = controls.disguised(Candidates(place.events()).of("b"))
    assert set(shown) == controls.ids() == {one.control_id for one in drawn}
    for one in shown.values():
        assert (one.method, one.prompt, one.generator, one.verdict) == ("one step", "text@1", "tiny-model", "passes")
        assert one.activation > one.delta
        assert one.text.startswith("w000")
        assert len(one.candidate_id) == len(candidate().candidate_id)


def test_a_control_of_length_like_its_candidate_is_drawn(place):
    make_batch(place, [(candidate(feature_id=2, text="w000 w001"), {2: 5.0})])
    with place.run("anchor") as anchor:
        (one,) = Controls(place.events(), "b").mix_in(
            anchor, Candidates(place.events()).of("b").values(), 1, author="A"
        )
    assert one.text == "w000 w001"


def test_the_effect_of_a_control_is_that_of_its_sample(place):
    make_batch(place, [(candidate(feature_id=2), {2: 5.0})])
    with place.run("anchor") as anchor, place.run("seed") as seed:
        (one,) = Controls(place.events(), "b").mix_in(
            anchor, Candidates(place.events()).of("b").values(), 1, author="A"
        )
        counts = seed_counts(seed, anchor, PAPER)
        assert fired({"c": measured(anchor, one)}, counts)["c"].tolist() == [0, 1, 2, 3]


def test_votes_on_controls_are_the_reviewer_s_noise_floor_and_no_progress(place):
    made = make_batch(place, [(candidate(feature_id=f), {f: 5.0}) for f in (2, 3)])
    held = Candidates(place.events()).of("b")
    controls, reviews = Controls(place.events(), "b"), Reviews(place.events(), "b")
    with place.run("anchor") as anchor:
        controls.mix_in(anchor, held.values(), 2, author="Ann")
    first, second = controls.disguised(held).values()
    reviews.decide(first, "rejected", author="Bob", seen=0, reason="not fluent")
    reviews.decide(second, "accepted", author="Bob", seen=0)
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    (floor,) = noise_floors(reviews.opinions(), controls.ids())
    assert (floor.reviewer, floor.n, floor.rate) == ("Bob", 2, 0.5)
    found = progress(reviews.opinions(), held, "Bob")
    assert (found.mine, found.team, found.total) == (0, 1, 2)


def test_agreement_is_percent_and_kappa_with_its_n(place):
    made = make_batch(place, [(candidate(nth=n), {2: 5.0}) for n in range(10)])
    reviews = Reviews(place.events(), "b")
    reviews.set_min_reviews(2, author="Ann")
    for author, accepts in (("Ann", 6), ("Bob", 4)):
        for n, one in enumerate(made):
            choice, reason = ("accepted", "") if n < accepts else ("rejected", "off target")
            reviews.decide(one, choice, author=author, seen=0, reason=reason)
    (found,) = agreement(reviews.opinions())
    assert (found.reviewers, found.n, found.share) == (("Ann", "Bob"), 10, 0.8)
    assert found.kappa == pytest.approx((0.8 - 0.48) / 0.52)


def test_kappa_is_not_defined_where_both_say_the_same_always(place):
    made = make_batch(place, [(candidate(nth=n), {2: 5.0}) for n in range(3)])
    reviews = Reviews(place.events(), "b")
    reviews.set_min_reviews(2, author="Ann")
    for author in ("Ann", "Bob"):
        for one in made:
            reviews.decide(one, "accepted", author=author, seen=0)
    assert [(one.share, one.kappa) for one in agreement(reviews.opinions())] == [(1.0, None)]
    assert agreement({}) == ()
