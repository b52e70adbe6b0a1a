"""Favourites in the sidebar: what the address names can be kept, what was kept is found again, by its person alone."""

from __future__ import annotations

import pytest

from dashboard.components.examples import st_text
from fac_core.coverage.definition import PAPER
from fac_core.curation.favourites import Favourites
from fac_core.view import View
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.test_pages import button, click


@pytest.fixture
def mine(workspace):
    return Favourites(workspace.events(), "space", "Dora")


def listed(app) -> list[str]:
    return [one.proto.label for one in app.get("page_link") if "help" not in one.proto.label]


def test_a_feature_is_kept_and_let_go_where_it_is_looked_at(page, mine):
    app = click(page("features", feature="3"), "Keep feature 3")
    assert mine.has("feature", "3")
    assert "3" in listed(app)
    click(app, "Let go of feature 3")
    assert mine.all() == ()


def test_a_theme_is_kept_and_its_link_leads_to_its_gaps(workspace, page, mine):
    (theme,) = View.find("seed", "anchor", PAPER, workspace=workspace).missing().themes
    click(page("gaps", preset="paper", gq_theme=theme.name), f"Keep theme {st_text(theme.name)}")
    assert mine.has("theme", theme.name)
    links = {one.proto.label: one.proto.query_string for one in page("overview", preset="paper").get("page_link")}
    assert "gq_theme=" in links[st_text(theme.name)]


def test_nothing_is_drawn_where_there_is_nothing_to_keep(page):
    app = page("overview")
    assert not any(one.label.startswith(("Keep", "Let go")) for one in app.button)
    assert not any(one.label.startswith("Favourites") for one in app.expander)


def test_the_list_of_somebody_else_is_not_shown(workspace, page, mine):
    Favourites(workspace.events(), "space", "Bob").keep("feature", "3")
    app = page("features", feature="3")
    assert button(app, "Keep feature 3")
    assert not any(one.label.startswith("Favourites") for one in app.expander)


def test_who_has_no_name_keeps_nothing(page):
    assert button(page("features", feature="3", author=""), "Keep feature 3").disabled


def test_a_name_that_was_kept_is_no_markup(page, mine):
    mine.keep("theme", HOSTILE)
    assert st_text(HOSTILE) in listed(page("overview"))
