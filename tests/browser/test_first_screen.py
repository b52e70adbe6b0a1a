"""What a page is about stands on its first screen, and nothing that one decides by is hard to read."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from fac_core.coverage.definition import CALIBRATED
from fac_core.curation.review import Reviews
from fac_core.curation.triage import Triage
from fac_core.lab.bench.large import SMALL, make_workspace
from fac_core.lab.bench.large_batch import write_batch
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidates
from fac_core.view import View
from tests.browser.conftest import FEW, controls_in_sight, press, settled

pytestmark = pytest.mark.browser

OBJECTS = {
    "": "[data-testid=stHeading]",
    "map": ".js-plotly-plot",
    "features": "[data-testid=stDataFrame]",
    "features?feature=17": "mark, [data-testid=stMarkdown] h5",
    "gaps": "[data-testid=stHtml] li",
    "gaps?gq_view=all": "[data-testid=stDataFrame]",
    "review": "[data-testid=stHtml] [role=img]",
    "review?rv_view=table": "[data-testid=stDataFrame]",
    "export": "[data-testid=stDataFrame], [data-testid=stMetric]",
    "compare": ".js-plotly-plot",
    "data": "[data-testid=stFileUploader]",
    "?tour=1": "[data-tour]",
    "present": "[data-testid=stHeading]",
}
"""What a visitor comes for, by page."""
LINKS = [*OBJECTS, "synthesis", "study", "gaps?tour=4"]
SCREENS = {"desk": (1400, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """No page is empty: three gaps are targets, and of the texts that were written some are accepted."""
    place = make_workspace(tmp_path_factory.mktemp("first") / "w", SMALL)
    view = View.find(workspace=place).counted(CALIBRATED)
    Triage(place.events(), "anchor").decide_many(view.gaps(3)["feature_id"].to_pylist(), "target", author="Ann")
    batch = write_batch(view, 40)
    held = list(Candidates(place.events()).of(batch.batch_id).values())
    Reviews(place.events(), batch.batch_id).decide_many(held[:3], "accepted", author="Ann")
    return place


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


@pytest.mark.parametrize("link", [*LINKS, "gaps?gq_gap=17"])
def test_a_page_begins_with_few_controls(visit, link):
    page = visit(link, width=1400)
    page.set_viewport_size({"width": 1400, "height": 900})
    assert len(shown := controls_in_sight(settled(page))) <= FEW, shown


@pytest.mark.parametrize("link", ["gaps", "review"])
def test_who_has_decided_sees_few_controls_too(visit, link):
    page = visit(link, width=1400, name="Cleo")
    page.set_viewport_size({"width": 1400, "height": 900})
    press(page, "s")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert len(shown := controls_in_sight(settled(page))) <= FEW, shown
    press(page, "z")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    assert len(shown := controls_in_sight(settled(page))) <= FEW, shown


@pytest.mark.parametrize(("link", "evidence"), [("gaps", "[data-testid=stHtml] li"), ("review", "[role=img]")])
def test_on_a_phone_one_row_asks_and_one_decides_and_the_evidence_lies_between(visit, link, evidence):
    page = visit(link, width=390)
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    asks, shown, decides = (
        page.locator(one).first.bounding_box()
        for one in (".st-key-queue", f"[data-testid=stMain] {evidence}", ".st-key-decisions")
    )
    assert asks
    assert shown
    assert decides
    assert max(asks["height"], decides["height"]) < 70
    assert asks["y"] + asks["height"] <= shown["y"]
    assert shown["y"] + shown["height"] <= decides["y"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("link", LINKS)
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
