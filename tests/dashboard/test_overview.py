"""The Overview: the sentence, the themes in their order, one act for a theme, and what stands beside and below."""

from __future__ import annotations

import html

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.examples import st_text
from dashboard.components.overview import answer as the_answer
from dashboard.figures.theme_bars import longest_of, theme_html
from fac_core.coverage.definition import PAPER
from fac_core.curation.triage import Triage
from fac_core.jobs.queue import Jobs
from fac_core.themes.theme import ThemeText
from fac_core.view import View
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.test_pages import click, texts
from tests.dashboard.themes import a_theme, an_answer
from tests.runs import make_run


@pytest.fixture
def view(workspace):
    return View.find("seed", "anchor", PAPER, workspace=workspace)


@pytest.fixture
def triage(workspace):
    return Triage(workspace.events(), "id-anchor")


def test_the_sentence_of_the_engine_comes_first(view, page):
    said = page(preset="paper").subheader[0].value
    assert said == view.missing().said(lambda name: f"“*{st_text(name)}*”")
    assert view.missing().themes[0].name in said


def test_a_theme_has_its_deficit_both_bars_and_a_real_text_that_is_no_markup(view, page):
    (theme,) = view.missing().themes
    (row,) = (h.proto.body for h in page(preset="paper").main.get("html") if "<style>" not in h.proto.body)
    assert html.escape(theme.name) in row
    assert f"{theme.deficit:,.0f} samples short" in row
    assert f"anchor: {theme.anchor_share.value:.1%} of the texts" in row
    assert "your data: 0.0% of the texts" in row
    assert html.escape(theme.texts[0].excerpt()) in row
    assert "<script>" not in row


def test_a_theme_becomes_targets_in_one_act_and_one_undo_takes_it_back(triage, page):
    app = page(preset="paper")
    app.text_input(key="author").set_value("Ann").run()
    assert triage.targets() == ()
    click(app, "Target this theme")
    assert triage.targets() == (1, 2, 3, 4)  # 1 fires in the data, too rarely
    assert {event.author for event in triage.history()} == {"Ann"}
    assert "4 of its 4 features" in texts(app)
    click(app, "Undo")
    assert triage.targets() == ()
    assert any(button.label == "Target this theme" for button in app.button)


def test_what_somebody_decided_before_is_left(triage, page):
    triage.decide(3, "not relevant", author="Bob", seen=0, reason="off topic")
    click(page(preset="paper"), "Target this theme")
    assert triage.targets() == (1, 2, 4)
    assert triage.decision(3).author == "Bob"


def test_a_theme_leads_to_its_texts_also_when_all_of_it_is_decided(triage, page):
    def links(app: AppTest) -> list[str]:
        return [one.proto.label for one in app.get("page_link") if "gq_theme=" in one.proto.query_string]

    assert links(page(preset="paper")) == ["Its texts and gaps"]
    triage.decide_many([1, 2, 3, 4], "later", author="Bob")
    app = page(preset="paper")
    assert not any(button.label == "Target this theme" for button in app.button)
    assert links(app) == ["Its texts and gaps"]


def test_where_nothing_is_missing_the_page_says_from_what_share_on_it_would_have_shown(workspace, page):
    same = [(f, s, 1.0 + f + s) for f in range(5) for s in range(400)]
    for name in ("anchor", "seed"):
        workspace.run_path(f"id-{name}").unlink()
        make_run(workspace.run_path(f"id-{name}"), name, same, 400, 8, n_tokens=[6] * 400).close()
    app = page(preset="paper")
    assert app.subheader[0].value.startswith("Nothing is missing that shows at this size")
    assert "would have shown if about 7.5% of the anchor" in texts(app)
    assert not any(button.label == "Target this theme" for button in app.button)


def test_a_run_of_a_part_says_how_much_is_in(workspace, page):
    workspace.run_path("id-seed").unlink()
    seed = [(0, s, 20.0) for s in range(16)]
    make_run(workspace.run_path("id-seed"), "seed", seed, 16, 8, n_tokens=[6] * 16, in_part=True).close()
    assert "A part:" not in texts(page())
    Jobs(workspace).submit("encode", {"source": "seed.jsonl", "model": "tiny-model"}, author="Ann")
    assert "A part: 16 samples. The rest waits to be read." in texts(page())


def test_only_the_open_tab_is_drawn(view, page):
    assert not page(preset="paper").get("plotly_chart")
    assert len(page(preset="paper", oq_tab="Curves").get("plotly_chart")) == 2
    (table,) = page(preset="paper", oq_tab="All themes").dataframe
    assert table.value["samples short"].tolist() == [view.missing().themes[0].deficit]


def test_an_older_link_to_a_field_opens_the_topics(workspace, page):
    assert "divides the anchor into topics" in texts(page(field="set"))


def test_the_bars_of_a_page_share_one_scale_and_intervals_are_within_it():
    large, small = a_theme("law", (1,), 40), a_theme("bones", (2,), 20)
    longest = longest_of(large, small)
    assert longest == large.anchor_share.high
    assert f"width:{100 * 0.2 / longest:.2f}%" in theme_html(small, longest)
    assert "right:calc(100% - 100.00%)" in theme_html(large, longest)


def test_names_and_texts_of_themes_are_no_markup():
    assert "<script>" not in theme_html(a_theme(HOSTILE, (1,), text=HOSTILE), 1.0)


def test_an_excerpt_is_one_short_line():
    assert ThemeText(0, "a\n\n  b", 1.0).excerpt() == "a b"
    assert len(ThemeText(0, "word " * 100, 1.0).excerpt()) <= 141


def test_more_themes_than_the_first_screen_holds_are_counted(view):
    themes = [a_theme(f"theme {n}", (n,)) for n in range(6)]
    said = the_answer._in_numbers(view, an_answer(*themes))
    assert "3 more in *All themes*" in said
    assert "more in" not in the_answer._in_numbers(view, an_answer(*themes[:3]))
