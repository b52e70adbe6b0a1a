"""Words of others are words: in a real browser none of them runs, loads, leads elsewhere or is drawn as anything but text."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

import fac_core as fac
from fac_core.curation.review import Reviews
from fac_core.curation.saved_filters import SavedFilters
from fac_core.curation.triage import Triage
from fac_core.jobs.heartbeat import beating
from fac_core.jobs.queue import Jobs
from fac_core.lab.bench import large, large_space
from fac_core.lab.bench.large_batch import write_batch
from fac_core.lab.study.run import run_study
from fac_core.lab.study.study_files import StudyConfig, open_folder
from fac_core.naming.labels import Labels
from fac_core.relevance.verdicts import Relevance, Verdict
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidates
from fac_core.themes.names import ThemeNames
from tests.browser.conftest import served, settled, visiting
from tests.lab.pools import labelled_pool

pytestmark = pytest.mark.browser

THERE = "http://elsewhere.invalid"
PAYLOADS = (
    "<script>window.acted='script'</script>",
    f"<img src={THERE}/img onerror=window.acted='img'>",
    f"<svg onload=window.acted='svg'><a href={THERE}/svg>acted-svg</a></svg>",
    f"[acted-link]({THERE}/link)",
    f"![acted-image]({THERE}/image.png)",
    f"{THERE}/bare <{THERE}/angle>",
    "[a](javascript:window.acted='js')",
    ":material/skull: :red[acted-colour] :skull: :streamlit:",
    "$acted^2$ $$acted_{2}$$",
    f"<b>acted-bold</b> <a href='{THERE}/plotly'>acted-anchor</a><br>",
    "**acted-strong** `acted-code` # acted-heading",
    f"\"' onmouseover=window.acted='attribute' x=\"<iframe src={THERE}/frame>",
    f'=HYPERLINK("{THERE}/sheet")',
    "\u202eacted\u202c \u2066x\u2069 a\u0301\u0301\u0301",
    "</span></div></p></ul><h1>acted-heading</h1>",
    "W" * 700,
)
"""What acts somewhere: in HTML, in Markdown, in Streamlit's, in Plotly, in a sheet, in a line of text."""
ALL = " ".join(PAYLOADS[:-1])

PROBE = """() => {
  const found = [];
  for (const e of document.querySelectorAll('*')) {
    for (const {name, value} of e.attributes) {
      if (name.startsWith('on')) found.push(`${e.tagName} ${name}=${value}`);
      if (!/href|src|action|data$/.test(name) || !URL.canParse(value, location)) continue;
      const leads = new URL(value, location);
      if (leads.protocol === 'javascript:' || leads.host.endsWith('elsewhere.invalid')) found.push(`${e.tagName} ${value}`);
    }
    const own = e.textContent.trim();
    if (/^acted-[a-z]+$/.test(own)) found.push(`${e.tagName} is ${own}`);
    if (e.dataset.testid === 'stIconMaterial' && own === 'skull') found.push('icon');
    if (e.classList.contains('katex')) found.push(`formula ${own}`);
  }
  if (window.acted) found.push(`ran ${window.acted}`);
  return found;
}"""
"""What became of the payloads in a page, but text."""


def _said(n: int, most: int = 190) -> str:
    return f"{PAYLOADS[n % len(PAYLOADS)]} {n}"[:most]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Workspace:
    """Runs, labels, themes, decisions, a batch, jobs and a study, every name and text of which is hostile."""
    folder = tmp_path_factory.mktemp("hostile") / "w"

    def info(**fields) -> RunInfo:
        names = dict.fromkeys(("name", "dataset_name", "source", "model", "sae"), f"{ALL} {fields['run_id']}")
        return RunInfo(**{**fields, **names})

    with pytest.MonkeyPatch.context() as patched:
        for module in (large, large_space):
            patched.setattr(module, "words_of", lambda n: [_said(f, 800) for f in range(n)])
            patched.setattr(module, "TOPICS", tuple(_said(t) for t in range(len(large_space.TOPICS))))
        patched.setattr(large, "RunInfo", info)
        place = large.make_workspace(folder, large.SMALL)
    view = fac.View.find("seed", "anchor", workspace=place)
    log, gaps = place.events(), view.gaps(40)["feature_id"].to_pylist()
    author = PAYLOADS[1]
    for n, gap in enumerate(gaps):
        Labels(log, large.SPACE).rename(gap, _said(n), author=author)
    missing = view.missing()
    for n, theme in enumerate((*missing.themes, *missing.surplus)):
        ThemeNames(log, large.SPACE).rename(theme, _said(n, 60), author=author)
    triage = Triage(log, "anchor")
    triage.decide_many(gaps[:3], "target", author=author, note=ALL)
    triage.decide_many(gaps[3:6], "not relevant", author=author, reason="too rare", note=ALL)
    SavedFilters(log, "gaps").save(PAYLOADS[3], {}, author=author)
    judged = {gap: Verdict(gap, "yes", "llm", ALL, model=PAYLOADS[0]) for gap in gaps}
    Relevance(log, large.SPACE, "toxicity").record(judged, author=author)
    batch = write_batch(view, 12)
    first, second, *_ = Candidates(log).of(batch.batch_id).values()
    Reviews(log, batch.batch_id).decide(first, "accepted", author=author, seen=0, note=ALL)
    Reviews(log, batch.batch_id).decide(second, "rejected", author=author, seen=0, reason="off target", note=ALL)
    jobs = Jobs(place)
    with beating(place) as worker:
        for _ in range(2):
            jobs.submit("encode", {"source": ALL, "name": ALL}, author=author)
        job = jobs.take(worker, ["encode"])
        assert job
        jobs.end(job.job_id, worker, "failed", error=ALL)
    config = StudyConfig(
        name="small", task="toxicity", run="x", n_positive=12, n_negative=24, draws=2, seeds=1, resamples=20
    )
    study = open_folder(place, config)
    run_study(labelled_pool(), config, study)
    return place


@pytest.fixture(scope="module")
def opened(browser, workspace):
    """A page of the dashboard, with what it asked of other hosts and what it wanted to say in a dialog."""
    with served(workspace) as server, visiting(browser, server) as visit:

        def at(link: str) -> tuple[Page, list[str]]:
            page = visit("data?run=seed&anchor=anchor")
            left = watched(page, urlsplit(server).netloc)
            page.goto(f"{server}/{link}")
            return settled(page), left

        yield at


def watched(page: Page, host: str) -> list[str]:
    """Fills with what leaves for another host, and with dialogs."""
    left: list[str] = []
    page.on("request", lambda r: left.append(r.url) if urlsplit(r.url).netloc not in (host, "") else None)
    page.on("popup", lambda p: left.append(p.url))
    page.on("dialog", lambda d: left.append(d.message) or d.dismiss())
    return left


PAGES = {
    "overview": "?run=seed&anchor=anchor",
    "overview of a task": "?run=seed&anchor=anchor&task=toxicity",
    "map": "map?run=seed&anchor=anchor",
    "features": "features?run=seed&anchor=anchor",
    "a feature": "features?run=seed&anchor=anchor&feature=17&context=full",
    "gaps": "gaps?run=seed&anchor=anchor",
    "all gaps": "gaps?run=seed&anchor=anchor&gq_view=all",
    "synthesis": "synthesis?run=seed&anchor=anchor",
    "review": "review?run=seed&anchor=anchor",
    "export": "export?run=seed&anchor=anchor",
    "compare": "compare?run=seed&anchor=anchor",
    "data": "data?run=seed&anchor=anchor",
    "study": "study?run=seed&anchor=anchor",
    "names that there are not": f"features?run={THERE}&task=<img src=x onerror=window.acted=1>&feature=:red[x]",
}


@pytest.mark.parametrize("link", PAGES.values(), ids=PAGES)
def test_no_text_of_others_acts_on_a_page(opened, link):
    page, left = opened(link)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    for closed in page.locator("details:not([open]) summary").all():
        closed.click()
        settled(page)
    assert [found for frame in page.frames for found in frame.evaluate(PROBE)] == []
    assert left == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_what_is_no_markup_is_read_as_it_was_written(opened):
    page, _ = opened(PAGES["a feature"])
    said = page.get_by_test_id("stMain").inner_text()
    for payload in (PAYLOADS[0], PAYLOADS[3], PAYLOADS[9]):
        assert payload in said, payload


def test_nothing_acts_in_the_report_either(browser, workspace, tmp_path):
    view = fac.View.find("seed", "anchor", workspace=workspace)
    path = fac.write_report(view, tmp_path / "report.html")
    page = browser.new_page()
    left = watched(page, "")
    page.goto(path.as_uri())
    assert page.evaluate(PROBE) == []
    assert left == []
    assert PAYLOADS[0] in page.inner_text("body")
    page.close()
