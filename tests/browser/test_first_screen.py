"""What a page is about stands on its first screen, and nothing that one decides by is hard to read."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import settled

pytestmark = pytest.mark.browser

OBJECTS = {
    "": "[data-testid=stHeading]",
    "map": ".js-plotly-plot",
    "features": "[data-testid=stDataFrame]",
    "features?feature=17": "mark, [data-testid=stMarkdown] h5",
    "gaps": "[data-testid=stHtml] li",
    "gaps?gq_view=all": "[data-testid=stDataFrame]",
    "compare": ".js-plotly-plot",
    "data": "[data-testid=stFileUploader]",
    "?tour=1": "[data-tour]",
    "present": "[data-testid=stHeading]",
}
"""What a visitor comes for, by page."""
SCREENS = {"desk": (1400, 900), "phone": (390, 844)}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("link", OBJECTS)
def test_the_object_of_a_page_begins_on_its_first_screen(visit, link, screen):
    width, height = SCREENS[screen]
    page = visit(link, width=width)
    settled(page)
    found = page.locator(OBJECTS[link]).first
    found.wait_for(state="visible")
    box = found.bounding_box()
    assert box
    assert box["y"] + min(box["height"], 40) <= height


@pytest.mark.parametrize("key", ["Target", "Not relevant"])
@pytest.mark.parametrize("screen", SCREENS)
def test_one_decides_without_scrolling(visit, key, screen):
    width, height = SCREENS[screen]
    page = visit("gaps", width=width)
    page.set_viewport_size({"width": width, "height": height})
    settled(page)
    box = page.get_by_role("button", name=key).first.bounding_box()
    assert box
    assert box["y"] + box["height"] <= height


FEW = 5
"""Controls that a page shows before *more*: what opens a menu, a fold or a tab is more, and links lead on."""
CONTROLS = "stButton stDownloadButton stButtonGroup stSelectbox stMultiSelect stTextInput stNumberInput stCheckbox stFileUploader"


@pytest.mark.parametrize("link", ["", "map", "compare", "data", "synthesis", "export"])
def test_a_page_begins_with_few_controls(visit, link):
    page = visit(link, width=1400)
    page.set_viewport_size({"width": 1400, "height": 900})
    settled(page)
    which = ", ".join(f"[data-testid=stMain] [data-testid={name}]" for name in CONTROLS.split())
    boxes = [one.bounding_box() for one in page.locator(which).all() if one.is_visible()]
    assert sum(box is not None and box["y"] < 900 for box in boxes) <= FEW


@pytest.mark.parametrize("link", ["gaps", "review"])
def test_on_a_phone_the_bar_is_one_row(visit, link):
    page = visit(link, width=390)
    bar = page.locator(".st-key-decisions")
    if bar.count():  # without a batch there is nothing to review
        box = bar.bounding_box()
        assert box
        assert box["height"] < 70


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("link", [*OBJECTS, "synthesis", "review", "export", "study", "gaps?tour=4"])
def test_a_page_has_no_serious_barrier(visit, link, scheme):
    page = visit(link, scheme=scheme)
    settled(page)
    found = Axe().run(page).response["violations"]
    serious = [
        (one["id"], node["target"], node.get("failureSummary", "")[:300])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
    assert not serious, serious
