"""Parts of the review: filters, the way through, marks of an edit, and what a person can change."""

from __future__ import annotations

import pytest

from dashboard.components.review.check_badge import check_words, theme_words
from dashboard.components.review.strength_bar import strength_bar
from dashboard.components.review.word_diff import word_diff
from fac_core.curation.offered import PRESETS, SMALLEST, my_states, neighbours, queue
from fac_core.curation.review import Reviews
from fac_core.curation.standing import standing
from fac_core.curation.wording import parts, reworded
from fac_core.synthesis.candidates import Candidates
from tests.batches import candidate


@pytest.fixture
def found(workspace, made):
    batch = Candidates(workspace.events()).batches("id-anchor")[0]
    return lambda: standing(workspace, batch, workspace.run("seed"), workspace.run("anchor"))


def test_every_filter_changes_what_is_shown(workspace, made, found):
    reviews = Reviews(workspace.events(), "b")
    reviews.decide(made[4], "accepted", author="Ann", seen=0, note="good")
    reviews.decide(made[0], "rejected", author="Ann", seen=0, reason="off target")
    ids = [one.candidate_id for one in made]

    def left(preset):
        return {ids.index(one) for one in queue(found(), found().states, preset=preset)}

    assert left("passes the check") == {0, 1, 2}
    assert left("failed the check") == {3, 4}
    assert left("failed, but accepted") == {4}
    assert left("passes, but rejected") == {0}
    assert left("near-duplicates") == {4}
    assert left("edited") == left("reviewers differ") == set()
    assert left(SMALLEST) < {1, 2, 4}
    assert set(PRESETS) >= {"failed, but accepted", "reviewers differ", "near-duplicates"}
    assert len(queue(found(), found().states, wanted=["pending"], feature_id=4)) == 2


def test_states_of_others_are_hidden_only_where_several_must_speak(workspace, made, found):
    Reviews(workspace.events(), "b").decide(made[0], "accepted", author="Ann", seen=0)
    one = made[0].candidate_id
    assert my_states(found(), "Bob", 1)[one] == "accepted"
    assert my_states(found(), "Bob", 2)[one] == "pending"
    assert my_states(found(), "Ann", 2)[one] == "accepted"


def test_the_way_through_a_queue_is_by_id():
    assert neighbours(["a", "b", "c"], "b") == ("a", "c")
    assert neighbours(["a", "b", "c"], "gone") == (None, "a")
    assert neighbours([], "gone") == (None, None)


def test_a_theme_s_name_on_a_badge_is_only_words():
    assert theme_words("*law* [x](y)", 2.0) == "of “\\*law\\* \\[x\\]\\(y\\)” ✓ 2.00"
    assert theme_words("law", 0.999) == "not of “law” ✗ 0.99"
    assert theme_words("law", 1e300) == "of “law” ✓ 99.00"


def test_a_word_diff_marks_what_went_and_what_came_and_obeys_nothing():
    html = word_diff("The <b>court</b> rose.", "The <b>judge</b> rose.")
    assert "<b>" not in html
    assert ">court</del>" in html
    assert ">judge</ins>" in html
    assert word_diff("a b", "a b").count("<ins") == 0


def test_the_check_is_a_word_a_symbol_and_a_number():
    assert check_words(candidate(text="court rises")) == "fires ✓ 5.00 at “cour” (δ 1.00)"
    assert check_words(candidate(verdict="does not fire", activation=0.4, tokens=())) == "does not fire ✗ 0.40 (δ 1.00)"
    assert check_words(candidate(verdict="duplicate", similarity=0.97)) == "near-duplicate ✗ 0.97"
    assert check_words(candidate(verdict="not fluent", perplexity=2310.0)).startswith("not fluent ✗ perplexity 2,310")


def test_the_bar_ends_at_the_activation_and_marks_delta():
    bar = strength_bar(5.0, 1.0, 10.0)
    assert "width:50.0%" in bar
    assert "left:10.0%" in bar
    assert "width:0.0%" in strength_bar(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("shape", "fields", "edit", "text"),
    [
        ("text", {}, {"text": "new"}, "new"),
        ("instruction", {"instruction": "q", "response": "r"}, {"response": "R"}, "user: q\nassistant: R"),
        ("pair", {"instruction": "q", "chosen": "c", "rejected": "d"}, {"rejected": "D"}, "user: q\nassistant: c"),
        ("behaviour", {"question": "q", "matching": "m", "not_matching": "n"}, {"question": "Q"}, "Q\n(A) m\n(B) n"),
        (
            "chat",
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "r"}]},
            {"2 assistant": "R"},
            "user: q\nassistant: R",
        ),
    ],
)
def test_every_shape_is_edited_by_its_parts(shape, fields, edit, text):
    one = candidate(shape=shape, fields=fields)
    new_text, new_fields = reworded(one, {**parts(one), **edit})
    assert new_text == text
    assert set(new_fields) == set(fields)
    assert parts(candidate(shape=shape, fields=new_fields, text=new_text)) == {**parts(one), **edit}
