"""What a stranger sees first: the sentence, a theme with its button, on a desk and on a phone; and what a click does."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from fac_core.curation.triage import Triage
from fac_core.store.workspace import Workspace
from fac_core.view import View
from tests.browser.conftest import FEW, controls_in_sight, press, screenshot, settled
from tests.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """An anchor of chats and court cases, and a seed of chats alone: features 6 to 9 fire on courts."""
    place = Workspace.create(tmp_path_factory.mktemp("answer") / "w")
    for name, n_courts, n_chats in (("anchor", 100, 100), ("seed", 0, 150)):
        texts = [f"The court ruled on claim {i} of the defendant." for i in range(n_courts)]
        texts += [f"Hello, how is your day number {i} going?" for i in range(n_chats)]
        fired = [(f, s, 1.0 + f + s % 7) for f in range(6) for s in range(len(texts))]
        fired += [(f, s, 2.0 + f + s % 5) for f in range(6, 10) for s in range(n_courts)]
        sets = [{"set": "court cases" if s < n_courts else "chats"} for s in range(len(texts))]
        path, n = place.run_path(f"id-{name}"), len(texts)
        make_run(path, name, fired, n, 12, texts=texts, n_tokens=[8] * n, metadata=sets).close()
    place.set_anchor("anchor")
    return place


_CUT = """() => [...document.querySelectorAll('[data-testid=stMain] :is(button, a, [data-testid=stMetricLabel]) *')]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1200, 900), (390, 844)])
def test_the_answer_is_on_the_first_screen(visit, workspace, width, height):
    (theme,) = View.find(workspace=workspace).missing().themes
    page = visit(width=width)
    page.set_viewport_size({"width": width, "height": height})
    settled(page)
    sentence = page.get_by_role("heading", name=re.compile("^Your data lacks"))
    expect(sentence).to_contain_text(theme.name)
    text = page.get_by_text(re.compile("The court ruled")).first
    bars = page.get_by_role("img", name=re.compile("% of the texts"))
    button = page.get_by_role("button", name="Target this theme")
    for part in (sentence, text, bars.nth(0), bars.nth(1), button):
        expect(part).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(_CUT) == []
    screenshot(page, f"answer-{width}")


@pytest.mark.parametrize("decide", [False, True])
def test_a_theme_in_gaps_leaves_few_controls_in_sight(visit, workspace, decide):
    (theme,) = View.find(workspace=workspace).missing().themes
    page = visit(f"gaps?gq_theme={theme.name}", width=1400)
    page.set_viewport_size({"width": 1400, "height": 900})
    if decide:
        press(page, "s")
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert len(shown := controls_in_sight(settled(page))) <= FEW, shown
    if decide:
        press(page, "z")


def test_a_theme_becomes_targets_at_once_and_one_undo_takes_it_back(visit, workspace):
    page, triage = visit(), Triage(workspace.events(), "id-anchor")
    (theme,) = View.find(workspace=workspace).missing().themes
    page.get_by_role("button", name="Target this theme").click()
    expect(page.get_by_text(f"{len(theme.features)} targets: write samples").first).to_be_visible()
    assert triage.targets() == tuple(sorted(theme.features))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Target this theme")).to_be_visible()
    assert triage.targets() == ()
