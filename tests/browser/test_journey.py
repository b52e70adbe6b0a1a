"""What a visitor does: read FAC, change the definition, select on the map, decide about gaps by keyboard, come back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

import fac_core as fac
from fac_core.curation.triage import Triage
from fac_core.progress import counted
from tests.browser.conftest import heading, press, screenshot, settled

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def triage(workspace):
    """The triage log; what any test decided is taken back after it, whether it looks at the log or not."""
    found = Triage(workspace.events(), "anchor")
    yield found
    for author in {event.author for event in found.history()}:
        while act := found.last(author):
            assert found.undo(act, author=author)
    assert found.decisions() == {}


def test_the_number_is_the_engines_and_follows_the_definition(visit, workspace):
    page = visit()
    page.get_by_text("How it is counted").click()
    for preset, definition in (("calibrated", fac.CALIBRATED), ("paper", fac.PAPER)):
        page.get_by_role("radio", name=preset).or_(page.get_by_role("button", name=preset, exact=True)).first.click()
        number = f"{fac.View.find(definition=definition, workspace=workspace).coverage().fac:.1%}"
        expect(page.get_by_test_id("stMetricValue").first).to_have_text(number)
    expect(page).to_have_url(re.compile("preset=paper"))
    screenshot(page, "overview")


def test_a_lasso_on_the_map_lists_features_and_survives_a_change_of_colour(visit):
    page = visit("map")
    plot = page.locator(".js-plotly-plot .nsewdrag").first
    box = plot.bounding_box()
    assert box
    x, y, width, height = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)]
    page.mouse.move(x + corners[0][0] * width, y + corners[0][1] * height)
    page.mouse.down()
    for a, b in corners[1:]:
        page.mouse.move(x + a * width, y + b * height, steps=8)
    page.mouse.up()
    selected = page.get_by_role("heading", name=re.compile("features selected"))
    expect(selected).to_be_visible()
    said = selected.inner_text()
    screenshot(page, "map")
    page.get_by_test_id("stButtonGroup").get_by_text("density", exact=True).click()
    settled(page)
    expect(selected).to_have_text(said)


def test_three_approved_by_keyboard_one_undone_and_still_so_after_a_reload(visit, triage):
    page = visit("gaps")
    expect(heading(page)).to_be_visible()
    screenshot(page, "gaps")
    for n in (1, 2, 3):
        before = heading(page).inner_text()
        press(page, "a")
        expect(page.get_by_text(f"{counted(n, 'target')}: write samples").first).to_be_visible()
        expect(heading(page)).not_to_have_text(before)
    press(page, "z")
    expect(page.get_by_text("2 targets: write samples").first).to_be_visible()
    page.reload()
    settled(page)
    expect(page.get_by_text("2 targets: write samples").first).to_be_visible()
    assert len(triage.targets()) == 2
    press(page, "y")
    expect(page.get_by_text("3 targets: write samples").first).to_be_visible()
    assert len(triage.targets()) == 3


def test_who_has_no_name_is_asked_for_one_and_the_browser_remembers_it(visit):
    page = visit("gaps", name="")
    target = page.get_by_role("button", name="Target")
    expect(page.get_by_text("Say your name first")).to_be_visible()
    expect(target).to_be_disabled()
    page.get_by_label("Your name").fill("Cleo Ünal")
    page.get_by_label("Your name").press("Enter")
    expect(target).to_be_enabled()
    settled(page).reload()
    expect(settled(page).get_by_label("Your name")).to_have_value("Cleo Ünal")
    expect(target).to_be_enabled()


def test_a_reason_is_asked_for_and_given_by_keyboard_alone(visit, triage):
    page = visit("gaps")
    expect(heading(page)).to_be_visible()
    press(page, "x")
    expect(page.get_by_text("Why not relevant?")).to_be_visible()
    press(page, "3")
    expect(page.get_by_text(re.compile(r"^1 of .* gaps decided"))).to_be_visible()
    assert [d.reason for d in triage.decisions().values()] == ["too rare"]


def test_the_next_gap_is_seen_from_its_beginning_and_a_question_moves_nothing(visit):
    page = settled(visit("gaps", width=390))
    main, first = page.get_by_test_id("stMain").first, page.get_by_test_id("stHeading").first.inner_text()
    main.evaluate("e => e.scrollTo(0, e.scrollHeight)")
    page.get_by_role("button", name="Not relevant").first.click()
    expect(page.get_by_text("Why not relevant?")).to_be_visible()
    assert main.evaluate("e => e.scrollTop") > 0
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Later").first.click()
    expect(page.get_by_test_id("stHeading").first).not_to_have_text(first)
    page.wait_for_function("() => document.querySelector('[data-testid=stMain]').scrollTop === 0")


def test_a_note_goes_with_one_decision_and_not_with_the_next(visit, triage):
    page = visit("gaps")
    page.locator(".st-key-menu_more summary").click()
    page.get_by_label("Note", exact=True).fill("for this one")
    page.get_by_label("Note", exact=True).press("Enter")
    settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_label("Note", exact=True)).to_be_hidden()
    heading(page).click()
    for n in (1, 2):
        press(page, "s")
        expect(page.get_by_text(re.compile(f"^{n} of .* gaps decided"))).to_be_visible()
    assert sorted(one.note for one in triage.decisions().values()) == ["", "for this one"]


def test_clicks_that_come_before_the_next_gap_is_drawn_do_not_decide_about_it(visit, triage):
    page = visit("gaps")
    first = int(heading(page).inner_text().split()[1])
    page.get_by_role("button", name="Target").dblclick()
    expect(page.get_by_text(re.compile("^1 of .* gaps decided"))).to_be_visible()
    settled(page)
    assert triage.targets() == (first,)


def test_two_people_at_one_gap_see_both_decisions_and_nothing_is_overwritten(visit, triage):
    ann = visit("gaps")
    gap = heading(ann).inner_text()
    bob = visit(f"gaps?gq_gap={gap.split()[1]}", name="Bob")  # of itself the page leaves to Ann what she looks at
    expect(heading(bob)).to_have_text(gap)
    press(ann, "s")
    expect(heading(ann)).not_to_have_text(gap)
    press(bob, "a")
    warning = bob.get_by_test_id("stAlert").filter(has_text="after you looked")
    expect(warning).to_contain_text("later")
    expect(warning).to_contain_text("was not recorded")
    screenshot(bob, "conflict")
    assert triage.decision(int(gap.split()[1])).state == "later"


def test_what_is_missing_first_leads_to_its_decision_under_the_same_ranking(visit):
    page = visit("?w_trust=0&w_strength=2")
    first = page.get_by_text(re.compile(r"^feature \d+: .* of the anchor")).first
    feature = re.search(r"\d+", first.inner_text())
    assert feature
    page.locator("a[href*=gq_gap]").first.click()
    expect(page).to_have_url(re.compile(f"/gaps.*gq_gap={feature.group()}"))
    expect(heading(page)).to_have_text(re.compile(f"^Feature {feature.group()}"))
    settled(page)
    expect(page).to_have_url(re.compile("w_trust=0.*w_strength=2|w_strength=2.*w_trust=0"))
    page.get_by_role("link", name="Map", exact=True).first.click()
    settled(page)
    expect(page).to_have_url(re.compile("/map.*w_trust=0"))


def test_every_page_is_reached_by_keyboard(visit):
    page = visit()
    for name in ("Map", "Features", "Gaps"):
        link = page.get_by_role("link", name=name, exact=True).first
        link.focus()
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"/{name.lower()}"))
        settled(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_link_opens_a_feature_and_a_wrong_one_says_so(visit):
    expect(heading(visit("features?feature=17"))).to_have_text(re.compile("^Feature 17"))
    page = visit("features?feature=999999")
    expect(page.get_by_text("There is no feature 999999")).to_be_visible()
    expect(heading(page)).to_have_count(0)


def test_in_dark_mode_the_page_is_dark(visit):
    page = visit("gaps", scheme="dark")
    colour = page.get_by_test_id("stApp").evaluate("element => getComputedStyle(element).backgroundColor")
    assert max(int(part) for part in re.findall(r"\d+", colour)[:3]) < 80, colour
    screenshot(page, "dark")


@pytest.mark.parametrize("link", ["", "map", "features", "gaps", "gaps?gq_view=all"])
def test_on_a_phone_nothing_is_wider_than_the_screen(visit, link):
    page = visit(link, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_test_id("stException")).to_have_count(0)
    screenshot(page, f"phone-{re.sub(r'[^a-z]', '-', link) or 'overview'}")
