"""The presentation in a browser: arrow keys walk through it, nothing else is in sight, and a link restores a screen."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import press, screenshot, settled

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1400, 390])
def test_arrow_keys_walk_through_it_and_a_reload_stays(visit, width):
    page = visit("present", width=width)
    expect(page.get_by_text(re.compile(r"^1 of \d+$"))).to_be_visible()
    press(page, "ArrowRight")
    expect(page.get_by_text(re.compile(r"^2 of \d+$"))).to_be_visible()
    expect(page).to_have_url(re.compile("pr_part=theme"))
    press(page, "ArrowRight")
    expect(page.get_by_text(re.compile(r"^3 of \d+$"))).to_be_visible()
    screenshot(page, f"present-{width}")
    page.reload()
    settled(page)
    expect(page.get_by_text(re.compile(r"^3 of \d+$"))).to_be_visible()
    press(page, "ArrowLeft")
    expect(page.get_by_text(re.compile(r"^2 of \d+$"))).to_be_visible()


def test_menu_sidebar_and_strip_are_out_of_sight_and_the_words_are_large(visit):
    page = visit("present", width=1400)
    for hidden in ("stHeader", "stSidebar"):
        expect(page.get_by_test_id(hidden)).not_to_be_visible()
    box = page.locator(".st-key-slide h2").bounding_box()
    assert box
    assert box["height"] >= 50
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_who_leaves_finds_menu_and_sidebar_again(visit):
    page = visit("present", width=1400)
    page.get_by_role("link", name="Leave").click()
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page.get_by_role("link", name="Gaps").first).to_be_visible()
