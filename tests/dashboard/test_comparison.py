"""The Compare page and what the Overview gained: figures from results, links, states of the pages."""

from __future__ import annotations

import pytest

from dashboard.components.examples import st_text
from dashboard.components.overview.diversity import table_rows
from dashboard.figures import comparison
from dashboard.links import link, shared
from fac_core.coverage.curves import GrowthPoint
from fac_core.coverage.definition import PAPER
from fac_core.coverage.fac import coverage, gap_closure
from fac_core.coverage.matrix import coverage_matrix
from fac_core.coverage.overlap import overlap
from fac_core.coverage.subset import greedy_subset
from fac_core.curation.triage import Triage
from fac_core.diversity.table import METRICS
from fac_core.jobs import launch
from fac_core.jobs.queue import Jobs
from fac_core.relevance.verdicts import Relevance, Verdict
from tests.dashboard.test_pages import texts
from tests.runs import make_run


@pytest.fixture
def third(workspace):
    """A third run, written for the gaps: it fires features 2 and 3 and not 0."""
    rows = [(f, s, 50.0) for f in (2, 3) for s in range(8)]
    make_run(workspace.run_path("id-more"), "<b>synthetic</b>", rows, 8, 8, run_id="id-more").close()
    return workspace


@pytest.fixture
def runs(third):
    return [third.run(name) for name in ("id-anchor", "id-seed", "id-more")]


def test_the_matrix_shows_every_cell_and_names_are_no_markup(runs):
    found = coverage_matrix(runs)
    (heat,) = comparison.matrix(found).data
    assert heat.z.tolist() == found.fac.tolist()
    assert list(heat.customdata[0][2]) == ["anchor", "&lt;b&gt;synthetic&lt;/b&gt;"]
    assert heat.texttemplate  # the number stands in the cell: not by colour alone


def test_the_overlap_has_four_parts_that_differ_by_pattern(runs):
    anchor, seed, more = runs
    found = overlap(seed, more, anchor)
    bars = comparison.overlap(found).data
    assert [bar.x[0] for bar in bars] == [found.both.n, found.only_a.n, found.only_b.n, found.neither.n]
    assert len({bar.marker.pattern.shape for bar in bars}) == 4
    assert not any("<b>" in bar.name for bar in bars)


def test_the_subset_curve_begins_at_nothing_and_ends_at_the_fac(runs):
    anchor, seed, _ = runs
    found = greedy_subset(seed, anchor)
    chosen, random = comparison.subset(found, [GrowthPoint(16, found.full_fac, 0.0, 1.0)]).data
    assert (chosen.x[0], chosen.y[0]) == (0, 0)
    assert (chosen.x[-1], chosen.y[-1]) == (len(found.sample_ids), found.full_fac)
    assert chosen.line.dash != random.line.dash


def test_an_empty_subset_is_an_empty_curve(runs, tmp_path):
    silent = make_run(tmp_path, "silent", [], 2, 8)
    assert comparison.subset(greedy_subset(silent, runs[0]), []).data[0].x == (0,)


def test_a_link_keeps_what_is_looked_at_and_drops_what_is_of_a_page():
    keep = shared("a", "p", {"run": "a · 8 samples", "task": "toxicity", "gq_words": "x", "cm_a": "b"})
    assert keep == {"run": "a", "anchor": "p", "task": "toxicity"}
    assert link("gaps", keep, gq_cluster="set:a & b") == "gaps?run=a&anchor=p&task=toxicity&gq_cluster=set%3Aa+%26+b"


def test_runs_of_one_name_are_told_apart(third, page):
    rows = [(f, s, 50.0) for f in (2, 3) for s in range(8)]
    make_run(third.run_path("id-again"), "seed", rows, 8, 8, run_id="id-again").close()
    app = page("compare", preset="paper", cm_a="id-seed", cm_b="id-again")
    matrix, parts = (app.dataframe[i].value for i in (0, 1))
    assert {"covers seed id-seed", "covers seed id-again"} <= {name.replace("\\", "") for name in matrix.columns}
    assert parts["covered by"].tolist() == ["both", "only seed id-seed", "only seed id-again", "neither"]


def test_the_page_says_what_the_engine_says(third, page):
    app = page("compare", preset="paper", run="id-seed", cm_b="id-more")
    metrics = {m.label: m.value for m in app.metric}
    anchor, seed, more = (third.run(name) for name in ("id-anchor", "id-seed", "id-more"))
    assert metrics["FAC before"] == f"{coverage(seed, anchor, PAPER).fac:.1%}"
    assert metrics["FAC after"] == f"{coverage(more, anchor, PAPER).fac:.1%}"
    assert metrics["Gap closure"] == f"{gap_closure(more, seed, anchor, PAPER).closure:.1%}"
    closing = next(d.value for d in app.dataframe if "gaps closed" in d.value.columns)
    assert closing["gaps closed"].tolist() == [2]


def test_lengths_that_never_meet_are_said_and_the_rest_of_the_page_stands(third, page):
    app = page("compare", preset="paper", run="id-seed", cm_b="id-more")  # texts of 6 and of 5 tokens
    assert "like lengths" in app.error[0].value
    app = page("compare", preset="paper", run="id-seed", cm_b="id-more", cm_any_length="true")
    assert not app.error


def test_real_texts_for_a_feature_are_found_by_a_link_and_are_no_markup(third, page):
    app = page("compare", preset="paper", run="id-seed", cm_feature="2")
    assert any("synthetic" in m.value and "50.00" in m.value for m in app.markdown)
    assert not any("<b>synthetic" in m.value.replace("\\", "") and "<b>" in m.value for m in app.markdown)


@pytest.mark.parametrize("wrong", ["8", "abc", "-1"])
def test_a_feature_that_there_is_not_is_said(third, page, wrong):
    assert f"no feature {st_text(wrong)}" in page("compare", preset="paper", cm_feature=wrong).warning[0].value


def test_with_two_runs_alone_the_page_says_what_a_third_would_do(workspace, page):
    app = page("compare", preset="paper")
    assert any("A third run" in i.value for i in app.info)


def test_one_dataset_twice_is_no_comparison(third, page):
    app = page("compare", preset="paper", cm_a="id-more", cm_b="id-more")
    assert any("two different" in i.value for i in app.info)


def test_a_run_that_says_it_is_synthetic_has_its_gap_closure_on_the_overview(third, page):
    app = page(preset="paper", run="id-seed")
    anchor, seed, more = (third.run(name) for name in ("id-anchor", "id-seed", "id-more"))
    closure = {m.label: m.value for m in app.metric}["Gap closure"]
    assert closure == f"{gap_closure(more, seed, anchor, PAPER).closure:.1%}"


def test_without_a_third_run_there_is_no_gap_closure(workspace, page):
    assert [m.label for m in page(preset="paper").metric] == ["Feature Activation Coverage"]


def test_a_switch_on_the_overview_is_that_of_the_sidebar(workspace, page):
    app = page(preset="paper", oq_tab="What is left out")
    mine = next(t for t in app.toggle if t.key == "overview_no_sinks")
    assert "removes" in mine.label
    mine.set_value(True).run()
    assert not app.exception
    assert next(t for t in app.toggle if t.key == "no_sinks").value
    next(t for t in app.toggle if t.key == "no_sinks").set_value(False).run()
    assert not next(t for t in app.toggle if t.key == "overview_no_sinks").value


def judged(workspace, **levels):
    verdicts = {int(f[1:]): Verdict(int(f[1:]), level, "person", "") for f, level in levels.items()}
    Relevance(workspace.events(), "space", "toxicity").record(verdicts, author="Ann")


def test_a_task_restricts_what_is_counted_and_strictness_more_so(workspace, page):
    judged(workspace, f0="yes", f2="maybe", f3="no")
    loose = page(preset="paper", task="toxicity")
    assert loose.metric[0].value == "50.0%"  # 0 is covered, 2 is not
    assert "matter for toxicity" in texts(loose)
    strict = page(preset="paper", task="toxicity", strictness="yes")
    assert strict.metric[0].value == "100.0%"


def test_a_task_nobody_judged_leaves_all_features_and_says_so(workspace, page):
    app = page(preset="paper", task="toxicity")
    assert app.metric[0].value == page(preset="paper").metric[0].value
    assert "fac relevance toxicity" in [c.value for c in app.code]


def test_a_task_that_there_is_not_is_said(workspace, page):
    assert "no task cooking" in page(preset="paper", task="cooking").warning[0].value


def test_every_page_keeps_to_the_relevant_features(workspace, page):
    judged(workspace, f2="yes")
    app = page("gaps", preset="paper", task="toxicity")
    assert app.subheader[0].value == "Feature 2"
    assert Triage(workspace.events(), "id-anchor").decisions() == {}
    app = page("features", preset="paper", task="toxicity", fq_state="Uncovered")
    assert app.dataframe[0].value["feature"].tolist() == ["2"]


def test_a_link_to_a_part_filters_the_gaps(workspace, page, tmp_path):
    metadata = [{"set": "law" if s < 8 else "bones"} for s in range(16)]
    rows = [(f, s, 1.0 + s) for f in (2, 3) for s in (range(8) if f == 2 else range(8, 16))]
    make_run(workspace.run_path("id-parts"), "parts", rows, 16, 8, metadata=metadata, run_id="id-parts").close()
    link_to = {"preset": "paper", "anchor": "id-parts", "run": "id-seed"}
    assert page("gaps", **link_to, gq_home="bones").subheader[0].value == "Feature 3"
    assert page("gaps", **link_to, gq_home="law").subheader[0].value == "Feature 2"
    assert "no gap has this home" in texts(page("gaps", **link_to, gq_home="nowhere")).lower()


def test_the_diversity_table_has_a_row_a_measure_and_dashes():
    metrics = {key: {"mean": 0.5, "low": 0.4, "high": 0.6} for key in METRICS} | {"vendi": None}
    found = {"rows": [{"run": "a", "n_samples": 1000, "mean_length": 20.4, "metrics": metrics}]}
    rows = {row["measure"]: row["a"] for row in table_rows(found)}
    assert (rows["samples"], rows["tokens a sample"]) == ("1,000", "20")
    assert rows["FAC, paper"] == "50.0% (40.0% – 60.0%)"
    assert rows["distinct-1"] == "0.5 (0.4 – 0.6)"
    assert rows["Vendi score"] == "–"


def test_diversity_is_asked_for_once_and_shown_when_a_worker_has_measured_it(workspace, page, monkeypatch):
    monkeypatch.setattr(launch, "is_worker_starting", lambda _place: True)  # this test is the worker
    app = page(oq_tab="Diversity")
    _measure(app).click().run()
    assert _measure(app) is None
    assert "Job 1 measures 2 datasets" in texts(app)
    jobs = Jobs(workspace)
    job = jobs.take("me", ["diversity"])
    assert sorted(job.params["runs"]) == ["id-anchor", "id-seed"]
    metrics = {key: {"mean": 0.5, "low": 0.4, "high": 0.6} for key in METRICS}
    rows = [{"run": "seed", "n_samples": 16, "mean_length": 6.0, "metrics": metrics}]
    jobs.end("1", "me", "succeeded", result={"rows": rows, "matched": ["samples", 16], "n_draws": 10})
    assert "10 random draws of 16 samples" in texts(page(oq_tab="Diversity"))


def test_a_diversity_that_failed_says_why_and_can_be_asked_for_again(workspace, page):
    params = {"runs": [run.run_id for run in workspace.runs()], "anchor": "id-anchor"}
    jobs = Jobs(workspace)
    jobs.submit("diversity", params, author="Ann")
    jobs.take("me", ["diversity"])
    jobs.end("1", "me", "failed", error="no <b>room</b>")
    app = page(oq_tab="Diversity")
    assert any("no" in error.value and "room" in error.value for error in app.error)
    assert _measure(app)


def _measure(app):
    return next((b for b in app.button if b.label == "Measure 2 datasets at equal size"), None)
