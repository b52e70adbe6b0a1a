"""The presentation in a browser: arrow keys walk through it, nothing else is in sight, and a link restores a screen."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from fac_core.coverage.definition import PAPER
from fac_core.store.workspace import Workspace
from fac_core.view import View
from tests.batches import candidate, make_batch
from tests.browser.conftest import press, screenshot, settled
from tests.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """An anchor with one theme that the seed lacks, and a text that was written for it."""
    place = Workspace.create(tmp_path_factory.mktemp("presented") / "w")
    texts = [f"the court said number {i}" for i in range(16)]
    anchor = [(f, s, 1.0 + f + s) for f in range(5) for s in range(16)]
    make_run(place.run_path("id-anchor"), "anchor", anchor, 16, 8, texts=texts, n_tokens=[6] * 16).close()
    seed = [(0, s, 20.0) for s in range(16)]
    make_run(place.run_path("id-seed"), "seed", seed, 16, 8, texts=texts, n_tokens=[6] * 16).close()
    place.set_anchor("anchor")
    make_batch(place, [(candidate(feature_id=2), {2: 5.0})])
    return place


def at(page: Page, place: int) -> None:
    """Wait for a screen: the answer, then of the theme its bars, texts, sample, proof and coverage after."""
    expect(page.get_by_text(f"{place} of 6", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1400, 390])
def test_arrow_keys_walk_through_it_and_a_reload_stays(visit, width):
    page = visit("present?preset=paper", width=width)
    for place in (1, 2, 3):
        at(page, place)
        press(page, "ArrowRight")
    at(page, 4)
    expect(page).to_have_url(re.compile("pr_part=sample"))
    screenshot(page, f"present-{width}")
    page.reload()
    at(page, 4)
    press(page, "ArrowLeft")
    at(page, 3)


def test_menu_and_sidebar_are_out_of_sight_and_the_words_are_large(visit):
    page = visit("present?preset=paper", width=1400)
    for hidden in ("stHeader", "stSidebar"):
        expect(page.get_by_test_id(hidden)).not_to_be_visible()
    box = page.locator(".st-key-slide h2").bounding_box()
    assert box
    assert box["height"] >= 50
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["theme", "texts", "sample", "proof", "after"])
def test_no_screen_has_a_serious_barrier(visit, workspace, part, scheme):
    (theme,) = View.find("seed", "anchor", PAPER, workspace=workspace).missing().themes
    page = visit(f"present?preset=paper&pr_part={part}&pr_theme={theme.name}", scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_who_leaves_finds_menu_and_sidebar_again(visit):
    page = visit("present?preset=paper", width=1400)
    page.get_by_role("link", name="Leave").click()
    settled(page)
    expect(page.get_by_test_id("stSidebar")).to_be_visible()
    expect(page.get_by_role("link", name="Gaps").first).to_be_visible()
