"""Words of others in a real browser: what is written as markup stays words, on every page, in the report and in a notebook's answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from fac_core.coverage.definition import PAPER
from fac_core.curation.favourites import Favourites
from fac_core.curation.review import Reviews
from fac_core.curation.saved_filters import SavedFilters
from fac_core.curation.triage import Triage
from fac_core.naming.labels import Labels
from fac_core.store.workspace import Workspace
from fac_core.view import View
from fac_core.workflows.report import write_report
from tests.batches import candidate, make_batch
from tests.browser.conftest import settled
from tests.runs import make_run

pytestmark = pytest.mark.browser

ACTS = "window.hacked=1"
MARKUP = (
    f"<script>{ACTS}</script>",
    f'<img src="http://leak.invalid/a.png" onerror="{ACTS}">',
    f'"><svg onload="{ACTS}">',
    f'<iframe src="javascript:{ACTS}"></iframe>',
    f'</mark><a href="javascript:{ACTS}">here</a>',
    f"[here](javascript:{ACTS})",
    "![](http://leak.invalid/b.png)",
    "<http://leak.invalid/c>",
    f"$\\href{{javascript:{ACTS}}}{{here}}$",
    "<style>@import 'http://leak.invalid/d.css'</style>",
)
WORDS = " ".join(MARKUP)
ACTIVE = """() => [...document.querySelectorAll('*')].filter(one =>
    [...one.attributes].some(a => /^on/.test(a.name) && a.value.includes('hacked')
        || /href$|^src$/.test(a.name) && /^\\s*(javascript:|http:..leak)/.test(a.value))
    || one.tagName === 'SCRIPT' && one.textContent.includes('hacked')
    || one.tagName === 'STYLE' && one.textContent.includes('leak')).map(one => one.outerHTML.slice(0, 200))"""
"""What of the markup became elements."""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """All that others can write is markup: texts, metadata, names of runs, labels, decisions, candidates."""
    place = Workspace.create(tmp_path_factory.mktemp("hostile") / "w")
    texts = [f"{WORDS} number {i}" for i in range(16)]
    metadata = [{"set": MARKUP[i % 2], "label": WORDS} for i in range(16)]
    anchor = [(f, s, 1.0 + f + s) for f in range(5) for s in range(16)]
    for name, active in {"anchor": anchor, "seed": [(0, s, 20.0) for s in range(16)]}.items():
        about = {"texts": texts, "n_tokens": [6] * 16, "metadata": metadata}
        make_run(place.run_path(f"id-{name}"), name, active, 16, 8, **about).close()
    place.set_anchor("anchor")
    log = place.events()
    for feature, words in enumerate(MARKUP[:4]):
        Labels(log, "space").rename(feature, words, author=MARKUP[feature])
    Triage(log, "id-anchor").decide(3, "target", author=MARKUP[0], seen=0, note=WORDS)
    SavedFilters(log, "gaps").save(MARKUP[1], {}, author=MARKUP[2])
    Favourites(log, "space", "Ann").keep("feature", "2")
    one, _ = made = make_batch(
        place,
        [
            (candidate(feature_id=2, text=WORDS, method="one step", generator=MARKUP[1]), {2: 5.0}),
            (candidate(feature_id=3, text=WORDS), {3: 5.0}),
        ],
        author=MARKUP[2],
    )
    Reviews(log, "b").decide(one, "rejected", author=MARKUP[4], seen=0, reason="off target", note=WORDS)
    assert len(made) == 2
    return place


def acted(page: Page) -> list[str]:
    return [*page.evaluate(ACTIVE), *(["it ran"] if page.evaluate("window.hacked") else [])]


@pytest.mark.parametrize(
    "link",
    [
        "", "map", "features", "features?feature=2", "gaps", "gaps?gq_gap=2", "gaps?gq_view=all", "synthesis", "review",
        "review?rv_state=rejected", "review?rv_view=table", "export", "compare", "data", "present",
    ],
)  # fmt: skip
def test_what_others_wrote_as_markup_stays_words(visit, link):
    page = visit(f"{link}{'&' if '?' in link else '?'}preset=paper")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    settled(page)
    for fold in page.locator("[data-testid=stExpander] summary:visible").all():
        fold.click()
        settled(page)
        page.keyboard.press("Escape")  # a menu would lie on the next fold
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert acted(page) == []
    assert [url for url in asked if "leak" in url] == []


@pytest.mark.parametrize("link", ["features?feature=2", "gaps?gq_gap=2", "review"])
def test_the_words_are_there(visit, link):
    page = visit(f"{link}{'&' if '?' in link else '?'}preset=paper")
    assert f"<script>{ACTS}</script>" in page.locator("[data-testid=stMain]").inner_text()


def test_a_report_and_an_answer_in_a_notebook_show_words(visit, workspace, tmp_path):
    view = View.find("seed", definition=PAPER, workspace=workspace)
    write_report(view, tmp_path / "report.html")
    page = visit("")
    for content in ((tmp_path / "report.html").read_text(encoding="utf-8"), view.missing()._repr_html_()):
        page.set_content(content)
        page.wait_for_timeout(300)
        assert acted(page) == []


@pytest.mark.parametrize(
    "markup", [one for one in MARKUP if one.startswith(("<", '"')) and "http://leak.invalid/c" not in one]
)
def test_markup_that_is_no_words_would_be_seen(visit, markup):
    page = visit("")
    page.set_content(f'<p title="{markup}</p>' if markup.startswith('"') else f"<p>{markup}</p>")
    assert acted(page)
