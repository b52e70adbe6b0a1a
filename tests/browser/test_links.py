"""What the URL says is what is looked at: after a reload, from an id, from a click, and from a link that is wrong."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from fac_core.lab.bench.large import SMALL, SPACE, make_workspace
from fac_core.store.workspace import Workspace
from tests.browser.conftest import heading, screenshot, settled
from tests.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """With a later run than `seed`, which is therefore what a page shows that is not told."""
    place = make_workspace(tmp_path_factory.mktemp("links") / "w", SMALL)
    newest = place.run_path("id-newest")
    few = [(feature, sample, 9.0) for feature in range(300) for sample in range(5)]
    make_run(newest, "newest", few, 5, SMALL.d_sae, SPACE, created_at="2026-06-01T00:00:00+00:00").close()
    return place


def box(page: Page, label: str):
    """A picker of the sidebar, or what stands in it."""
    return page.get_by_test_id("stSidebar").get_by_role("combobox", name=re.compile(f"^(Selected )?{label}|{label}$"))


def asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_a_run_named_by_its_id_is_still_shown_after_a_reload(visit):
    page = visit("?run=seed&anchor=anchor")
    for _ in range(2):
        expect(page.get_by_text("fire in seed")).to_be_visible()
        assert "seed" in asked(page)["run"]
        page.reload()
        settled(page)
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_run_task_definition_and_filters_survive_the_way_over_the_pages_and_a_reload(visit):
    page = visit("gaps?run=seed&anchor=anchor&preset=paper&task=toxicity&gq_cause=rare&gq_words=a")
    before = asked(page)
    assert {"run", "anchor", "preset", "task", "gq_words"} <= before.keys()
    page.reload()
    settled(page)
    assert asked(page) == before
    expect(
        page.get_by_test_id("stSidebar").get_by_text("How it is counted", exact=True)
    ).to_be_visible()  # it is drawn again
    page.get_by_role("link", name="Features", exact=True).first.click()
    settled(page)
    shared = ("run", "anchor", "preset", "task")
    assert {name: asked(page).get(name) for name in shared} == {name: before[name] for name in shared}


def test_a_feature_and_its_list_survive_a_reload(visit):
    page = visit("features?run=seed&feature=17&fq_state=weak&context=full")
    for _ in range(2):
        expect(heading(page)).to_have_text(re.compile("^Feature 17"))
        assert asked(page)["feature"] == "17"
        assert asked(page)["context"] == "full"
        assert "seed" in asked(page)["run"]
        page.reload()
        settled(page)


@pytest.mark.parametrize(("link", "says"), [
    ("?run=nobody", "Run nobody is not here"),
    ("?anchor=nobody", "Run nobody is not here"),
    ("?task=nothing", "There is no task nothing"),
    ("features?feature=999999", "There is no feature 999999"),
    ("gaps?gq_gap=0&run=seed", "Feature 0 is no gap of this run"),
    ("gaps?gq_cluster=nowhere", "No gap has this cluster"),
])  # fmt: skip
def test_a_wrong_link_says_so(visit, link, says):
    expect(visit(link).get_by_text(says).first).to_be_visible()


def test_the_first_page_has_a_name_too(visit):
    page = visit("overview?run=seed")
    expect(page.get_by_text("fire in seed")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)


@pytest.mark.parametrize(
    ("field", "parameter"), [("?oq_tab=By+topic", "gq_home"), ("?field=clusters+of+the+map", "gq_cluster")]
)
def test_a_click_on_a_bar_of_the_overview_is_a_link_to_its_gaps(visit, field, parameter):
    page = visit(field)
    plot = page.locator(".js-plotly-plot:has(.barlayer)").first
    plot.scroll_into_view_if_needed()
    bar = plot.locator(".barlayer .point path").first.bounding_box()
    assert bar
    page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    expect(page).to_have_url(re.compile(f"/gaps.*{parameter}="))
    settled(page)
    chosen, said = asked(page)[parameter], page.get_by_text(re.compile("the filters hide")).inner_text()
    screenshot(page, f"from-the-overview-{parameter}")
    page.reload()
    settled(page)
    assert asked(page)[parameter] == chosen
    expect(page.get_by_text(said)).to_be_visible()
