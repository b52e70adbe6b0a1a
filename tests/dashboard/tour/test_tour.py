"""The tour: steps that follow what a workspace holds, on the pages themselves; nobody meets it who did not ask."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.tour.steps import steps
from dashboard.page_list import PAGES
from fac_core.curation.review import Reviews
from tests.batches import candidate, make_batch
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.test_pages import click, texts
from tests.dashboard.themes import a_theme

LAW = a_theme("law", (1,))
SAMPLE = candidate(feature_id=2)


def step_said(app: AppTest) -> str:
    return next((one.value for one in app.caption if one.value.startswith("Step ")), "")


@pytest.mark.parametrize("sample", [None, SAMPLE])
@pytest.mark.parametrize("theme", [None, LAW])
def test_it_has_six_to_eight_steps_of_short_sentences_on_pages_that_there_are(theme, sample):
    found = steps(theme, sample, is_accepted=False)
    assert 6 <= len(found) <= 8
    assert {one.page for one in found} <= {one.name for one in PAGES}
    assert all(len(one.says) <= 180 for one in found)
    assert [found[0].page, found[-1].page] == ["overview", "export"]


def test_where_something_was_written_it_is_shown_with_its_proof():
    found = steps(LAW, SAMPLE, is_accepted=True)
    assert [one.page for one in found[4:7]] == ["review"] * 3
    assert all(one.asks["candidate"] == SAMPLE.candidate_id for one in found[4:7])
    assert "review" not in [one.page for one in steps(LAW, None, is_accepted=False)[4:5]]


def test_a_name_in_a_sentence_is_no_markup():
    assert "<script>" not in "".join(one.says for one in steps(a_theme(HOSTILE, (1,)), None, is_accepted=False))


@pytest.mark.parametrize("name", ["overview", "gaps", "review"])
def test_nobody_meets_it_who_did_not_ask(page, name):
    assert step_said(page(name, preset="paper")) == ""


def test_each_step_stands_on_its_page_and_the_url_says_where_one_is(page):
    assert step_said(page("overview", preset="paper", tour="2")) == "Step 2 of 7"
    app = page("gaps", preset="paper", tour="4")
    assert step_said(app) == "Step 4 of 7"
    assert "**Make it a target**" in texts(app)
    assert step_said(page("gaps", preset="paper", tour="1")) == ""  # a step of another page


@pytest.mark.parametrize("wrong", ["0", "-3", "abc"])
def test_a_wrong_number_begins_at_the_beginning(page, wrong):
    assert step_said(page("overview", preset="paper", tour=wrong)) == "Step 1 of 7"


def links(app: AppTest) -> dict[str, str]:
    """Of the bar: what they say, and what they ask for."""
    found = {one.proto.label: one.proto.query_string for one in app.get("page_link")}
    return {said: asks for said, asks in found.items() if said in ("Back", "Next")}


def test_next_and_back_lead_to_steps(page):
    found = links(page("overview", preset="paper", tour="2"))
    assert "tour=1" in found["Back"]
    assert "tour=3" in found["Next"]
    assert "gq_theme=" in found["Next"]
    assert all("preset=paper" in asks for asks in found.values())


def test_the_first_step_has_no_way_back_and_the_last_no_way_on(page):
    assert links(page("overview", preset="paper", tour="1")).keys() == {"Next"}
    assert links(page("export", preset="paper", tour="7")).keys() == {"Back"}


@pytest.mark.parametrize(("name", "step", "word"), [("gaps", "3", "Leave"), ("export", "7", "Done")])
def test_leaving_takes_it_out_of_the_url_and_stays_where_one_is(page, name, step, word):
    app = click(page(name, preset="paper", tour=step), word)
    assert step_said(app) == ""
    assert "tour" not in app.query_params
    assert "preset" in app.query_params


def test_it_follows_what_was_written_and_accepted(workspace, page):
    (made,) = make_batch(workspace, [(candidate(feature_id=2), {2: 5.0})])
    assert step_said(page("review", preset="paper", tour="7")) == "Step 7 of 8"
    assert "Nothing is accepted yet" in texts(page("export", preset="paper", tour="8"))
    Reviews(workspace.events(), "b").decide(made, "accepted", author="Ann", seen=0)
    assert "each row knows its gap" in texts(page("export", preset="paper", tour="8"))
