"""Review of candidates: the state machine, its guards, edits, several reviewers, and two people at one candidate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fac_core.curation.review import REASONS, Reviews, current, state
from fac_core.errors import Conflict, NotFound, WrongUse
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidates
from tests.batches import candidate, make_batch, measure_anew

MADE = [(candidate(nth=n), {2: 5.0}) for n in range(4)] + [
    (candidate(nth=9, verdict="does not fire", activation=0.5), {2: 0.5}),
    (candidate(nth=10, verdict="not fluent"), {2: 5.0}),
]


@pytest.fixture
def place(tmp_path):
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def made(place):
    return make_batch(place, MADE)


@pytest.fixture
def reviews(place, made):
    return Reviews(place.events(), "b")


def states(place, reviews):
    return list(reviews.states(Candidates(place.events()).of("b")).values())


def test_a_candidate_is_pending_until_somebody_decides(place, reviews, made):
    assert states(place, reviews) == ["pending"] * 6
    reviews.decide(made[0], "accepted", author="Ann", seen=0, note="good")
    reviews.decide(made[1], "rejected", author="Bob", seen=0, reason="off target")
    assert states(place, reviews)[:3] == ["accepted", "rejected", "pending"]
    (opinion,) = reviews.opinions()[made[1].candidate_id]
    assert (opinion.reviewer, opinion.reason, opinion.candidate_version) == ("Bob", "off target", 1)


def test_the_second_of_two_people_sees_the_first_one_s_decision(reviews, made):
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    with pytest.raises(Conflict, match="Ann") as caught:
        reviews.decide(made[0], "rejected", author="Bob", seen=0, reason="off target")
    assert caught.value.event.payload["choice"] == "accepted"
    reviews.decide(made[0], "rejected", author="Bob", seen=1, reason="off target")


@pytest.mark.parametrize(
    ("choice", "reason"), [("rejected", ""), ("rejected", "ugly"), ("accepted", "off target"), ("approved", "")]
)
def test_a_rejection_needs_a_reason_and_only_a_rejection_has_one(place, reviews, made, choice, reason):
    with pytest.raises(WrongUse, match="choose one of"):
        reviews.decide(made[0], choice, author="Ann", seen=0, reason=reason)
    assert reviews.history() == ()


def test_what_does_not_fire_is_never_accepted_whatever_the_note(reviews, made):
    with pytest.raises(WrongUse, match="does not fire"):
        reviews.decide(made[4], "accepted", author="Ann", seen=0, note="I insist")


def test_a_check_that_a_person_judges_better_is_overruled_with_a_note(reviews, made):
    with pytest.raises(WrongUse, match="note"):
        reviews.decide(made[5], "accepted", author="Ann", seen=0)
    reviews.decide(made[5], "accepted", author="Ann", seen=0, note="it is a list, and lists are wanted")


def test_an_edit_takes_the_decision_away_and_is_not_accepted_before_it_was_measured(place, reviews, made):
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    reviews.edit(made[0], "better words", author="Ann")
    edited = Candidates(place.events()).of("b")[made[0].candidate_id]
    assert (edited.verdict, edited.method, edited.version) == ("not measured", "edited", 2)
    assert states(place, reviews)[0] == "pending"
    with pytest.raises(WrongUse, match="not measured"):
        reviews.decide(edited, "accepted", author="Ann", seen=1)
    checked = measure_anew(place, replace(edited, verdict="passes", activation=4.0), {2: 4.0})
    reviews.decide(checked, "accepted", author="Ann", seen=1)
    assert reviews.states({checked.candidate_id: checked}) == {checked.candidate_id: "accepted"}


def test_a_decision_about_a_text_that_was_edited_meanwhile_is_refused(reviews, made):
    reviews.edit(made[0], "better words", author="Bob")
    with pytest.raises(Conflict, match="Bob changed"):
        reviews.decide(made[0], "accepted", author="Ann", seen=0)


def test_two_edits_of_one_text_do_not_overwrite_each_other(place, reviews, made):
    reviews.edit(made[0], "one way", author="Ann")
    with pytest.raises(Conflict, match="Ann"):
        reviews.edit(made[0], "another way", author="Bob")
    assert Candidates(place.events()).of("b")[made[0].candidate_id].text == "one way"


def test_an_edit_changes_something_and_leaves_something(reviews, made):
    for text in (" \n", made[0].text):
        with pytest.raises(WrongUse):
            reviews.edit(made[0], text, author="Ann")


def test_what_there_is_not_is_not_decided_about(reviews):
    with pytest.raises(NotFound):
        reviews.decide(candidate(nth=77), "skipped", author="Ann", seen=0)


def test_whoever_asks_for_a_second_reviewer_is_not_the_second(place, reviews, made):
    reviews.decide(made[0], "needs second review", author="Ann", seen=0)
    with pytest.raises(WrongUse, match="somebody else"):
        reviews.decide(made[0], "accepted", author="Ann", seen=1)
    reviews.decide(made[0], "accepted", author="Bob", seen=1)
    assert states(place, reviews)[0] == "accepted"


def test_a_bulk_decision_is_one_undo_and_one_redo_also_after_a_reload(place, reviews, made):
    reviews.decide(made[3], "skipped", author="Ann", seen=0)
    reviews.decide_many(made[:3], "rejected", author="Ann", reason="not fluent")
    reloaded = Reviews(place.events(), "b")
    undone = reloaded.undo(reloaded.last("Ann"), author="Ann")
    assert states(place, reloaded)[:4] == ["pending", "pending", "pending", "skipped"]
    reloaded.undo(undone, author="Ann")
    assert states(place, reloaded)[:4] == ["rejected", "rejected", "rejected", "skipped"]
    assert len(reloaded.last("Ann")) == 3


def test_a_bulk_acceptance_with_one_that_may_not_be_accepted_accepts_none(place, reviews, made):
    with pytest.raises(WrongUse):
        reviews.decide_many(made, "accepted", author="Ann")
    assert states(place, reviews) == ["pending"] * 6


def test_an_undo_leaves_what_somebody_decided_since(place, reviews, made):
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    reviews.decide(made[0], "skipped", author="Bob", seen=1)
    assert reviews.undo(reviews.last("Ann"), author="Ann") == []
    reviews.undo(reviews.last("Bob"), author="Bob")
    (back,) = reviews.opinions()[made[0].candidate_id]
    assert (back.choice, back.reviewer) == ("accepted", "Ann")  # as it was, and whose it was


def test_two_reviewers_decide_without_seeing_each_other(place, reviews, made):
    reviews.set_min_reviews(2, author="Ann")
    for author in ("Ann", "Bob"):
        reviews.decide(made[0], "accepted", author=author, seen=reviews.seen_by(made[0].candidate_id, author))
        reviews.decide(made[1], "accepted", author=author, seen=0) if author == "Ann" else None
    reviews.decide(made[2], "accepted", author="Ann", seen=0)
    reviews.decide(made[2], "rejected", author="Bob", seen=0, reason="off target")
    assert states(place, reviews)[:4] == ["accepted", "needs second review", "reviewers differ", "pending"]
    reviews.decide(made[2], "accepted", author="Bob", seen=1)
    assert states(place, reviews)[2] == "accepted"


def test_asking_for_more_reviewers_later_keeps_what_was_decided(place, reviews, made):
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    reviews.set_min_reviews(2, author="Ann")
    assert states(place, reviews)[0] == "needs second review"
    reviews.decide(made[0], "accepted", author="Bob", seen=0)
    assert states(place, reviews)[0] == "accepted"
    reviews.set_min_reviews(1, author="Ann")
    assert states(place, reviews)[0] == "accepted"


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["accepted", "rejected", "skipped"])), max_size=10),
    st.integers(1, 2),
)
def test_undoing_everything_leads_back_to_the_start(tmp_path_factory, acts, needed):
    place = Workspace.create(tmp_path_factory.mktemp("w"))
    made = make_batch(place, MADE)
    reviews = Reviews(place.events(), "b")
    reviews.set_min_reviews(needed, author="Ann")
    for nth, choice in acts:
        seen = reviews.seen_by(made[nth].candidate_id, "Ann")
        reason = REASONS[0] if choice == "rejected" else ""
        reviews.decide(made[nth], choice, author="Ann", seen=seen, reason=reason)
    held = {name: said[-1].choice for name, said in reviews.opinions().items()}
    assert held == {made[nth].candidate_id: choice for nth, choice in acts}
    while last := reviews.last("Ann"):
        assert reviews.undo(last, author="Ann")
    assert reviews.opinions() == {}


def test_opinions_about_older_versions_do_not_count():
    assert state(current((), 1)) == "pending"
