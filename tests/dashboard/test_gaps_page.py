"""The triage queue: decisions, reasons, bulk, undo and redo after a reload, two people at one gap."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from fac_core.curation.triage import Triage
from fac_core.view import View
from tests.dashboard.test_pages import button, click


def shown(app: AppTest) -> int:
    """The gap on the card."""
    return int(app.subheader[0].value.split()[1])


@pytest.fixture
def triage(workspace) -> Triage:
    return Triage(workspace.events(), "id-anchor")


def test_a_decision_goes_into_the_log_with_its_author_and_the_queue_moves_on(triage, page):
    app = page("gaps", preset="paper", author="")
    first = shown(app)
    app.text_input(key="author").set_value("Ann").run()
    click(app, "Target")
    (event,) = triage.history()
    assert (int(event.item), event.author, event.payload["state"]) == (first, "Ann", "target")
    assert shown(app) != first


def test_one_can_stay_at_a_gap_after_deciding(triage, page):
    app = page("gaps", preset="paper", gq_stay="true")
    first = shown(app)
    click(app, "Target")
    assert shown(app) == first
    assert any("decided **target**" in m.value for m in app.markdown)


def test_undo_and_redo_work_after_a_reload(triage, page):
    click(page("gaps", preset="paper"), "Target")
    assert triage.targets()
    click(page("gaps", preset="paper"), "Undo")
    assert triage.targets() == ()
    reloaded = page("gaps", preset="paper")
    assert not any(b.label == "Undo" for b in reloaded.button)
    click(reloaded, "Redo")
    assert triage.targets()


@pytest.mark.parametrize("state", ["Not relevant", "Label wrong"])
def test_what_takes_a_gap_away_asks_for_its_reason_first(triage, page, state):
    app = click(page("gaps", preset="paper"), state)
    assert triage.history() == ()
    assert any(m.value.startswith(f"**Why {state.lower()}?**") for m in app.markdown)
    click(app, "Examples disagree" if state == "Label wrong" else "Off topic")
    (event,) = triage.history()
    assert event.payload["reason"] in ("examples disagree", "off topic")


def test_a_question_stays_when_somebody_decides_meanwhile_and_the_answer_overwrites_nothing(triage, page):
    app = page("gaps", preset="paper")
    feature = shown(app)
    click(app, "Not relevant")
    triage.decide(feature, "later", author="Bob", seen=0)
    app.run()  # whatever draws the page again
    assert shown(app) == feature
    click(app, "Off topic")
    assert triage.decision(feature).author == "Bob"
    assert "Bob" in app.warning[0].value


def test_asking_for_a_reason_can_be_cancelled(triage, page):
    app = click(click(page("gaps", preset="paper"), "Not relevant"), "Cancel")
    assert triage.history() == ()
    assert not any(b.label == "Cancel" for b in app.button)


def test_a_whole_filter_is_decided_at_once_after_its_count_is_confirmed(triage, page):
    app = page("gaps", preset="paper", gq_view="all")
    assert button(app, "Mark all").disabled
    assert "all 3 gaps" in app.checkbox[0].label
    app.checkbox[0].set_value(True).run()
    click(app, "Mark all 3")
    assert triage.targets() == (2, 3, 4)
    click(page("gaps", preset="paper"), "Undo")
    assert triage.targets() == ()


def test_in_bulk_too_a_reason_is_needed(triage, page):
    app = page("gaps", preset="paper", gq_view="all")
    app.selectbox(key="bulk_state").set_value("not relevant").run()
    app.checkbox[0].set_value(True).run()
    assert button(app, "Mark all").disabled
    app.selectbox(key="bulk_reason_not relevant").set_value("too rare").run()
    app.checkbox[0].set_value(True).run()
    click(app, "Mark all 3")
    assert {d.reason for d in triage.decisions().values()} == {"too rare"}


def test_a_decision_somebody_made_meanwhile_is_shown_and_not_overwritten(triage, page):
    app = page("gaps", preset="paper")
    feature = shown(app)
    triage.decide(feature, "later", author="Bob", seen=0, reason="needs an expert")
    click(app, "Target")
    assert triage.decision(feature).state == "later"
    (warning,) = app.warning
    for said in ("Bob", "**later**", "needs an expert", "**target**", "not recorded"):
        assert said in warning.value
    click(app, "Decide target all the same")
    assert triage.decision(feature).state == "target"
    assert [event.author for event in triage.history(feature)] == ["Bob", "Dora"]
    assert not app.warning


def test_the_second_click_of_two_is_no_conflict_with_oneself(triage, page):
    app = page("gaps", preset="paper")
    feature = shown(app)
    triage.decide(feature, "target", author="Dora", seen=0)  # the first click; the page was not drawn since
    click(app, "Target")
    assert not app.warning
    assert len(triage.history()) == 1


def test_a_bulk_decision_leaves_what_somebody_decided_meanwhile(triage, page):
    app = page("gaps", preset="paper", gq_view="all")
    app.checkbox[0].set_value(True).run()
    triage.decide(3, "later", author="Bob", seen=0)
    click(app, "Mark all 3")
    assert triage.targets() == (2, 4)
    assert triage.decision(3).author == "Bob"


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"gq_words": "nosuchword"}, 0),
        ({"gq_cause": "never fires"}, 3),
        ({"gq_cause": "below the threshold"}, 0),
        ({"gq_level": "not judged"}, 3),
        ({"gq_level": "yes"}, 0),
        ({"gq_trust": "0.5"}, 0),
        ({"gq_cluster": "nowhere"}, 0),
        ({"gq_home": "nowhere"}, 0),
    ],
)
def test_every_filter_in_the_url_is_applied_and_says_what_it_hides(page, filters, left):
    app = page("gaps", preset="paper", **filters)
    assert bool(app.subheader) == bool(left)
    if not left:
        assert any("the filters hide 3" in c.value for c in app.caption)
        assert "Take one back" in app.info[0].value
        click(app, "Clear all")
        assert app.subheader


def test_weights_change_the_order(workspace, page):
    assert shown(page("gaps", preset="paper")) == 2
    priorities = [
        page("gaps", preset="paper", gq_view="all", **weights).dataframe[0].value["priority"].tolist()
        for weights in ({}, {"w_trust": "0"})
    ]
    assert priorities[0] != priorities[1]


def test_a_link_opens_a_gap_and_says_if_there_is_none(page):
    assert shown(page("gaps", preset="paper", gq_gap="4")) == 4
    for wrong in ("0", "99", "x"):
        app = page("gaps", preset="paper", gq_gap=wrong)
        assert f"Feature {wrong} is no gap" in app.warning[0].value
        assert not app.subheader


def test_when_all_is_decided_the_page_says_so(triage, page):
    triage.decide_many([2, 3, 4], "target", author="Ann")
    app = page("gaps", preset="paper")
    assert "Every gap is decided" in app.success[0].value
    assert "No gap is later" in page("gaps", preset="paper", gq_state="Later").info[0].value


def test_what_people_write_is_no_markup(triage, page):
    triage.decide(2, "target", author="<script>x</script> **Eve**", seen=0, note="[link](javascript:1)")
    app = page("gaps", preset="paper", gq_gap="2")
    said = " ".join(m.value for m in app.markdown)
    assert "**Eve**" not in said
    assert "](javascript" not in said


def test_a_gap_that_somebody_looks_at_is_left_to_them_and_says_so_where_it_is_opened_all_the_same(triage, page):
    ann, ben = (page("gaps", preset="paper", author="") for _ in range(2))
    assert shown(ann) == shown(ben)
    ann.text_input(key="author").set_value("Ann").run()
    ben.text_input(key="author").set_value("Ben").run()
    assert shown(ben) != shown(ann)
    assert any("Ann at work here: 1 gap left" in c.value for c in ben.caption)
    again = page("gaps", preset="paper", gq_gap=str(shown(ann)))
    assert any("Ann is looking at this one" in c.value for c in again.caption)


def test_filters_are_saved_under_a_name_found_by_another_person_and_deleted(page):
    ann = page("gaps", preset="paper", gq_words="number", gq_trust="0.5")
    ann.text_input(key="author").set_value("Ann").run()
    ann.text_input(key="gaps_saved_name").set_value("few words").run()
    click(ann, "Save the filters")
    ben = page("gaps", preset="paper")
    assert ben.text_input(key="gq_words").value == ""
    click(ben, "few words")
    assert (ben.text_input(key="gq_words").value, ben.number_input(key="gq_trust").value) == ("number", 0.5)
    click(ben, "Delete")
    assert not any(b.label == "few words" for b in page("gaps", preset="paper").button)


def test_going_back_to_the_queue_from_a_gap_that_a_link_names_shows_the_next_one(page):
    app = page("gaps", preset="paper", gq_gap="4")
    assert shown(app) == 4
    click(app, "Back to the queue")
    assert not app.warning
    shown(app)


def theme_of(workspace) -> str:
    """The one theme of the small workspace, features 1 to 4; gaps are 2 to 4. It is called by the words of its hostile texts."""
    (theme,) = View.find("seed", "anchor", workspace=workspace).missing().themes
    return theme.name


def test_a_theme_in_the_url_is_what_the_queue_is_about_and_one_that_there_is_not_is_none(workspace, page):
    app = page("gaps", preset="paper", gq_theme=theme_of(workspace))
    assert app.selectbox(key="gq_theme").value == theme_of(workspace)
    assert any("3 of its 4 features are gaps" in m.value for m in app.markdown)
    assert page("gaps", preset="paper", gq_theme="nowhere").selectbox(key="gq_theme").value is None


def test_a_whole_theme_is_targeted_and_put_aside_in_one_act_each_with_one_undo(workspace, triage, page):
    asked = {"preset": "paper", "gq_theme": theme_of(workspace)}
    click(page("gaps", **asked), "Target all 4")
    assert triage.targets() == (1, 2, 3, 4)
    click(page("gaps", **asked), "Off topic")
    assert {(d.state, d.reason) for d in triage.decisions().values()} == {("not relevant", "off topic")}
    click(page("gaps", preset="paper"), "Undo")
    assert triage.targets() == (1, 2, 3, 4)
    click(page("gaps", preset="paper"), "Undo")
    assert triage.decisions() == {}


def test_what_somebody_decided_meanwhile_is_left_by_a_decision_about_its_theme(workspace, triage, page):
    app = page("gaps", preset="paper", gq_theme=theme_of(workspace))
    triage.decide(3, "later", author="Bob", seen=0)
    click(app, "Target all 4")
    assert triage.targets() == (1, 2, 4)
    assert triage.decision(3).author == "Bob"


def test_a_theme_without_gaps_shows_its_texts_and_can_be_decided_about_all_the_same(workspace, triage, page):
    name = theme_of(workspace)
    app = page("gaps", preset="paper", min_count="1", relevant="", gq_theme=name, gq_words="nosuchword")
    assert any(m.value == "**In the anchor**" for m in app.markdown)
    said = " ".join(m.value for m in app.markdown)
    assert "<script>" not in said
    assert "](javascript" not in said


def test_the_strongest_texts_come_before_the_rest_of_a_feature_and_say_what_theme_it_is_of(workspace, page):
    app = page("gaps", preset="paper")
    elements = [element for element in app.main if getattr(element, "type", "")]
    places = [
        e
        for e in elements
        if e.type == "subheader"
        or (e.type == "expander" and e.label == "All that is known of it")
        or (e.type == "html" and "<style>" not in e.value)
    ]
    assert [e.type for e in places[:3]] == ["subheader", "html", "expander"]
    assert any("part of the theme" in m.value for m in app.markdown)
