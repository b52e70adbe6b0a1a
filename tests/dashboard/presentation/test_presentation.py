"""The presentation: its screens, their order, which text stands for a theme, and links that restore a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.examples import st_text
from dashboard.components.presentation.showpiece import best_of, is_for
from dashboard.components.presentation.slides import place_of, slides
from fac_core.coverage.definition import PAPER
from fac_core.curation.review import Reviews
from fac_core.synthesis.candidates import Batch, Candidate
from fac_core.view import View
from fac_core.workflows.themes import filled_by_batch
from tests.batches import candidate, make_batch, standing_of
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.test_pages import button, click, texts
from tests.dashboard.themes import a_theme


@pytest.fixture
def theme(workspace):
    (found,) = View.find("seed", "anchor", PAPER, workspace=workspace).missing().themes
    return found


@pytest.fixture
def made(workspace):
    """Two that pass; one that does not fire, though it claims the most."""
    return make_batch(
        workspace,
        [
            (candidate(feature_id=2, text=f"{HOSTILE} two"), {2: 5.0}),
            (candidate(feature_id=3, text="three of them", activation=4.0), {2: 5.0, 3: 4.0}),
            (candidate(feature_id=4, verdict="does not fire", activation=9.0), {4: 0.2}),
        ],
    )


def heading(app: AppTest) -> str:
    return app.header[0].value


def test_a_theme_without_samples_goes_straight_on():
    law, bones = a_theme("law", (1,)), a_theme("bones", (2,))
    order = [(slide.part, slide.theme and slide.theme.name) for slide in slides([law, bones], {"bones"})]
    assert order == [
        ("answer", None),
        ("theme", "law"),
        ("texts", "law"),
        *((part, "bones") for part in ("theme", "texts", "sample", "proof", "after")),
    ]


def test_a_link_finds_its_screen_or_says_that_there_is_none():
    deck = slides([a_theme("law", (1,)), a_theme("bones", (2,))], {"bones"})
    assert place_of(deck, None, None) == 0
    assert place_of(deck, "proof", "bones") == 6
    assert place_of(deck, None, "bones") == 3
    assert place_of(deck, "proof", "law") is None
    assert place_of(deck, "texts", "nothing") is None


def test_what_was_accepted_stands_for_a_theme_before_what_fires_more_of_it(workspace, made):
    reviews, theme = Reviews(workspace.events(), "b"), a_theme("warm", (2, 3, 4))

    def best() -> Candidate | None:
        found = standing_of(workspace)
        return best_of(found, found.states, theme)

    assert best() == made[1]
    reviews.decide(made[0], "accepted", author="Ann", seen=0)
    assert best() == made[0]
    for one in made[:2]:
        seen = reviews.seen_by(one.candidate_id, "Ann")
        reviews.decide(one, "rejected", author="Ann", seen=seen, reason="off target")
    assert best() is None


def test_a_batch_that_was_written_for_one_theme_stands_for_no_other():
    law, bones = a_theme("law", (1,)), a_theme("bones", (1,))
    for_law = Batch("b", "anchor", "seed", "space", (1,), {"theme": "law"})
    assert [is_for(for_law, one) for one in (law, bones)] == [True, False]
    assert all(is_for(replace(for_law, settings={}), one) for one in (law, bones))


def test_next_walks_from_the_answer_to_coverage_after_and_the_url_follows(workspace, page, theme, made):
    app = page("present", preset="paper")
    assert app.header[0].value == View.find(definition=PAPER, workspace=workspace).missing().said(
        lambda name: f"“*{st_text(name)}*”"
    )
    assert button(app, "Previous").disabled
    seen = []
    while not button(app, "Next").disabled:
        click(app, "Next")
        seen.append(app.query_params["pr_part"])
        assert app.query_params["pr_theme"] == theme.name
    assert [part[0] if isinstance(part, list) else part for part in seen] == [
        "theme", "texts", "sample", "proof", "after",
    ]  # fmt: skip
    click(app, "Previous")
    assert heading(app) == "The model fires where it should"


def test_before_and_after_are_the_engines_numbers(workspace, page, theme, made):
    app = page("present", preset="paper", pr_part="after", pr_theme=theme.name)
    filled = filled_by_batch(View.find("seed", definition=PAPER, workspace=workspace), theme, "b")
    found = standing_of(workspace)
    assert [one.value for one in app.metric] == [
        *(f"{share.value:.1%}" for share in (filled.before, filled.after, filled.anchor)),
        *(f"{counts.fac:.2%}" for counts in (found.seed, found.accepted, found.if_pending_pass)),
    ]
    assert found.if_pending_pass.fac > found.seed.fac


@pytest.mark.parametrize("part", ["theme", "texts", "sample", "proof"])
def test_a_screen_shows_untrusted_words_as_words(page, theme, made, part):
    app = page("present", preset="paper", pr_part=part, pr_theme=theme.name)
    assert not any("<script>alert" in one.proto.body for one in app.get("html"))
    assert "<script>" not in texts(app)


def test_nothing_but_the_screen_and_its_buttons_is_there_to_press(page, theme):
    app = page("present", preset="paper")
    assert [one.label for one in app.button if one.key is None] == ["Previous", "Next"]
    assert not app.tabs
    assert [one.proto.label for one in app.get("page_link")] == ["Leave"]


@pytest.mark.parametrize(("part", "leads"), [("texts", "gq_theme="), ("proof", "candidate="), ("after", "batch=")])
def test_who_leaves_comes_to_the_page_that_says_more(page, theme, made, part, leads):
    (link,) = page("present", preset="paper", pr_part=part, pr_theme=theme.name).get("page_link")
    assert leads in link.proto.query_string


def test_a_link_to_a_screen_that_there_is_not_says_so_and_shows_the_first(page, theme):
    app = page("present", preset="paper", pr_part="proof", pr_theme="nosuchtheme")
    assert "nosuchtheme" in app.warning[0].value
    assert button(app, "Previous").disabled
