"""A theme is renamed where all are listed, at once for all pages, and what was linked under its former name is found."""

from __future__ import annotations

import html

import pytest

from fac_core.view import View
from fac_core.workflows.theme_names import names_of
from tests.dashboard.conftest import HOSTILE
from tests.dashboard.test_pages import click, texts

NAME = HOSTILE[:60].rstrip()


@pytest.fixture
def view(workspace) -> View:
    return View.find("seed", "anchor", workspace=workspace)


@pytest.fixture
def theme(view):
    return view.missing().themes[0]


def rename(app, name: str):
    app.text_input(key="new_theme_name").set_value(name).run()
    assert not app.exception
    return app


def test_a_new_name_is_on_the_page_and_its_undo_brings_back_the_old_one(view, theme, page):
    app = page(oq_tab="All themes")
    app.text_input(key="author").set_value("Ann").run()
    rename(app, " court\n rulings ")
    assert app.dataframe[0].value["theme"].tolist()[0] == "court rulings"
    assert "“*court rulings*”" in app.subheader[0].value
    assert "Ann: court rulings" in texts(app)
    assert view.missing().themes[0].given.author == "Ann"
    click(app, "Take this name back")
    assert app.dataframe[0].value["theme"].tolist()[0] == theme.name
    assert not any(button.label == "Take this name back" for button in app.button)


def test_what_is_no_name_is_told(view, theme, page):
    app = rename(page(oq_tab="All themes"), "x" * 100)
    assert "1 to 60 characters" in app.toast[0].value
    assert view.missing().themes[0] == theme


def test_who_looked_before_another_named_it_is_told(view, theme, page):
    app = page(oq_tab="All themes")
    names_of(view).rename(theme, "contracts", author="Bob")
    assert "Bob decided" in rename(app, "court rulings").toast[0].value
    assert view.missing().themes[0].name == "contracts"


def test_a_name_is_no_markup_on_any_page(view, theme, page):
    names_of(view).rename(theme, NAME, author=HOSTILE)
    app = page(oq_tab="All themes")
    assert "<script>" not in app.subheader[0].value + texts(app)
    assert html.escape(NAME) in app.get("html")[0].proto.body
    for name, asked in (("gaps", {"gq_theme": NAME}), ("map", {"mq_words": "e"}), ("synthesis", {})):
        assert "<script>" not in texts(page(name, **asked))


def test_a_link_under_a_former_name_leads_to_the_theme(view, theme, page):
    names_of(view).rename(theme, "court rulings", author="Ann")
    app = page("gaps", gq_theme=theme.name)
    assert app.selectbox(key="gq_theme").value == "court rulings"
    assert "**court rulings**: about" in texts(app)
    names_of(view).rename(view.missing().themes[0], "courts", author="Ann")
    assert app.run().selectbox(key="gq_theme").value == "courts"
