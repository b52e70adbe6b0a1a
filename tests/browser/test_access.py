"""Without a mouse, and without seeing: everything is reached with the keyboard, every chart has a name and a table."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import heading, settled

pytestmark = pytest.mark.browser

_FOCUSED = """() => {
    const e = document.activeElement
    const labels = [...(e.labels || [])].map(label => label.innerText)
    const text = (e.innerText || '').length < 60 ? e.innerText : ''  // the whole page can have the focus too
    return [e.getAttribute('aria-label') || '', ...labels, text].join(' ').trim()
}"""
_UNREACHABLE = """() => [...document.querySelectorAll('button, input, textarea, summary, a[href]')]
    .filter(e => e.getClientRects().length && !e.disabled && e.tabIndex < 0 && e.type !== 'file')
    // Arrow keys go on from a choice, a number or a list that Tab has reached.
    .filter(e => !e.closest('[role=radiogroup], [data-testid=stNumberInputContainer], [role=group]:has([role=combobox])'))
    .map(e => e.outerHTML.slice(0, 200))"""

PAGES = ("", "map", "features", "features?feature=17", "gaps", "gaps?gq_view=all", "compare", "synthesis", "review",
         "export", "data", "study")  # fmt: skip


def tab_to(page: Page, words: str) -> None:
    """Go on with Tab until something has the focus that is called so."""
    reached: list[str] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(_FOCUSED))
        if re.search(words, reached[-1]):
            return
    raise AssertionError(f"Tab never came to {words!r}, but to {reached}")


@pytest.mark.parametrize("link", PAGES)
def test_nothing_that_can_be_used_is_out_of_reach_of_the_keyboard(visit, link):
    assert visit(link).evaluate(_UNREACHABLE) == []


@pytest.mark.parametrize(
    ("link", "charts"),
    [
        ("?oq_tab=Curves", 2),
        ("?oq_tab=By+topic", 1),
        ("map", 1),
        ("features?feature=17&fd_strengths=true", 1),
        ("gaps?gap_known=true&fd_strengths=true", 1),
        ("compare", 3),
    ],
)
def test_every_chart_has_a_name_and_the_page_has_its_numbers_as_tables(visit, link, charts):
    page = visit(link)
    drawn = page.get_by_test_id("stPlotlyChart")
    expect(drawn.nth(charts - 1)).to_be_visible()
    settled(page)
    for chart in drawn.all():
        assert len(chart.get_attribute("aria-label") or "") > 20
    tables = page.get_by_test_id("stDataFrame").count() + page.get_by_text("As a table").count()
    assert tables >= min(charts, drawn.count())


def test_features_are_filtered_and_opened_by_keyboard_alone(visit):
    page = visit("features")
    said = page.get_by_text(re.compile(r"of 2,048 shown"))
    before = said.inner_text()
    tab_to(page, "^Covered$")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("fq_state=Weak"))
    expect(said).not_to_have_text(before)
    settled(page)
    tab_to(page, "Clear filters")
    page.keyboard.press("Enter")
    expect(said).to_have_text(before)
    page.reload()
    settled(page)
    tab_to(page, "Words in label, peaks or cluster")
    page.keyboard.type("zzzz")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No feature matches")).to_be_visible()
    settled(page)
    tab_to(page, "Clear filters")
    page.keyboard.press("Enter")
    expect(said).to_have_text(before)
    page.reload()
    settled(page)
    tab_to(page, "^Feature( Feature)?$")
    page.keyboard.type("17")
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(re.compile("^Feature 17"))
    settled(page)
    tab_to(page, "Back to the list")
    page.keyboard.press("Enter")
    expect(said).to_have_text(before)


def test_datasets_are_compared_by_keyboard_alone(visit):
    page = visit("compare")
    tab_to(page, "^own size$")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("cm_size=equal"))
    settled(page)
    tab_to(page, "Compare texts of any length")
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("cm_any_length=true"))
    settled(page)
    tab_to(page, "For one feature")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("above δ")).first).to_be_visible()
    settled(page)
    page.reload()
    settled(page)
    tab_to(page, "^B$")
    page.keyboard.type("seed")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("cm_b="))
