"""The tour in a browser: every step has its thing in sight, one goes through it with the keyboard alone, and leaves at any step."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import screenshot, settled
from tests.browser.test_access import tab_to

pytestmark = pytest.mark.browser

_SCREENS = {1400: 900, 390: 844}
_IN_SIGHT = """() => {
    const at = document.querySelector('[data-tour]').getBoundingClientRect()
    const bar = document.querySelector('.st-key-tour').getBoundingClientRect()
    const width = document.documentElement.clientWidth
    return [at.top < innerHeight - 30 && at.bottom > bar.bottom, bar.top >= 0 && bar.bottom < innerHeight, bar.right <= width]
}"""


def bar(page: Page):
    return page.locator(".st-key-tour")


def step(page: Page, place: int) -> None:
    """Wait for a step."""
    expect(bar(page).get_by_text(f"Step {place} of")).to_be_visible()
    expect(page).to_have_url(re.compile(f"tour={place}(&|$)"))
    settled(page)


@pytest.mark.parametrize("width", _SCREENS)
def test_every_step_has_what_it_speaks_of_in_sight(visit, width):
    page = visit("?tour=1", width=width)
    n = int(bar(page).get_by_text("Step 1 of").inner_text().split()[-1])
    for place in range(1, n + 1):
        step(page, place)
        page.locator("[data-tour]").wait_for(state="visible")
        page.wait_for_timeout(1000)
        assert page.locator("[data-tour]").count() == 1
        assert page.evaluate(_IN_SIGHT) == [True, True, True], place
        screenshot(page, f"tour-{width}-{place}")
        if place < n:
            bar(page).get_by_role("link", name="Next").click()


def test_it_goes_on_and_back_with_the_keyboard_and_survives_a_reload(visit):
    page = visit("?tour=1")
    for place in (1, 2, 3):
        step(page, place)
        tab_to(page, "Next")
        page.keyboard.press("Enter")
    step(page, 4)
    page.reload()
    step(page, 4)
    tab_to(page, "Back")
    page.keyboard.press("Enter")
    step(page, 3)
    bar(page).get_by_role("button", name="Leave").click()
    expect(bar(page)).to_have_count(0)
    expect(page).not_to_have_url(re.compile("tour="))


def test_it_is_offered_once_and_found_again_in_the_sidebar(visit):
    page = visit("")
    offer = page.get_by_text("New here?")
    expect(offer).to_be_visible()
    page.reload()
    settled(page)
    expect(offer).to_have_count(0)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Guided tour").click()
    step(page, 1)


def test_who_declines_is_not_asked_again(visit):
    page = visit("")
    page.get_by_role("button", name="No, thanks").click()
    expect(page.get_by_text("New here?")).to_have_count(0)
