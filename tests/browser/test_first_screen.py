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
    page = visit("gaps", width=SCREENS[screen][0])
    box = page.get_by_role("button", name=key).first.bounding_box()
    assert box
    assert box["y"] + box["height"] <= SCREENS[screen][1]


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
