"""The team below the queue: how long a decision takes each person, and one person's decisions, as far as one may see them."""

from __future__ import annotations

import pytest

from dashboard.components.review.reviewers import visible
from fac_core.curation.review import Reviews
from tests.batches import candidate, make_batch, standing_of
from tests.dashboard.test_pages import texts


@pytest.fixture
def made(workspace):
    texts_of = {2: 5.0}
    made = make_batch(workspace, [(candidate(nth=n, text=f"text {n}"), texts_of) for n in range(3)])
    reviews = Reviews(workspace.events(), "b")
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    reviews.decide(made[1], "rejected", author="Ann", seen=0, reason="off target")
    return made


def test_everybody_who_decided_stands_in_the_table_with_the_time_that_one_takes(page, made):
    app = page("review", preset="paper")
    (people,) = [one.value for one in app.dataframe if "reviewer" in one.value and "decided" in one.value]
    assert people.to_dict("records") == [
        {"reviewer": "Ann", "decided": 2, "seconds a decision": pytest.approx(0, abs=3), "of so many timed": 1}
    ]


def test_the_decisions_of_one_person_are_listed_with_links_to_their_candidates(page, made):
    app = page("review", preset="paper", rv_reviewer="Ann")
    (theirs,) = [one.value for one in app.dataframe if "candidate" in one.value]
    assert sorted(theirs["decision"]) == ["accepted", "rejected"]
    assert f"candidate={made[0].candidate_id}" in "".join(theirs["candidate"])
    assert set(theirs["text"]) == {"text 0", "text 1"}


def test_nobody_chosen_lists_nobodys(page, made):
    assert not any("candidate" in one.value for one in page("review", preset="paper").dataframe)


def test_where_several_must_speak_one_sees_only_what_one_decided_about_too(workspace, page, made):
    reviews = Reviews(workspace.events(), "b")
    reviews.set_min_reviews(2, author="Ann")
    assert "Nothing that you may see" in texts(page("review", preset="paper", rv_reviewer="Ann"))
    reviews.decide(
        made[0], "rejected", author="Dora", seen=reviews.seen_by(made[0].candidate_id, "Dora"), reason="off target"
    )
    found = standing_of(workspace)
    assert [one.candidate_id for one in visible(found, "Ann", "Dora", 2)] == [made[0].candidate_id]
    assert len(visible(found, "Ann", "Dora", 1)) == 2
