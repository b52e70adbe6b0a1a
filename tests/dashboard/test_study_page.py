"""The study page shows what the study's files say, and how to make one where there is none."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from dashboard.figures import study as figures
from fac_core.lab.sets.comparisons import Compared, comparisons, keep_comparison
from fac_core.lab.study.run import run_study
from fac_core.lab.study.study_files import StudyConfig, open_folder, read_study
from fac_core.store.workspace import Workspace
from tests.lab.pools import labelled_pool

CONFIG = StudyConfig(
    name="small", task="toxicity", run="x", n_positive=12, n_negative=24, draws=2, seeds=1, resamples=20
)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A finished study, made once."""
    place = Workspace.create(tmp_path_factory.mktemp("study") / "w")
    run_study(labelled_pool(), CONFIG, open_folder(place, CONFIG))
    return place


@pytest.fixture
def summary(elsewhere, workspace):
    shutil.copytree(elsewhere.folder / "studies", workspace.folder / "studies")
    return read_study(workspace, "small").summary


def test_without_a_study_the_page_says_how_to_make_one(page):
    assert page("study").code[0].value == "fac lab study CONFIG.toml"


def test_a_finished_study_is_shown_as_picture_and_as_table(summary, workspace, page):
    app = page("study")
    value = summary["test"][summary["chosen"]]["pearson"][0]
    assert any(summary["chosen"] in m.value and f"{value:+.2f}" in m.value for m in app.markdown)
    sets, metrics = (frame.value for frame in app.dataframe)
    assert len(sets) == summary["n_sets"]["test"]
    assert len(metrics) == len(set(read_study(workspace, "small").findings["metric"].to_pylist()))


def test_another_metric_can_be_looked_at_by_a_link(summary, page):
    app = page("study", metric="text distinct-2 all")
    assert "text distinct-2 all" in app.dataframe[0].value.columns


def test_a_link_to_a_study_that_there_is_not_says_so(summary, page):
    assert "no-such" in page("study", study="no-such").warning[0].value.replace("\\", "")


def test_every_test_set_is_a_point_of_its_kind(summary, workspace):
    sets = read_study(workspace, "small").sets
    figure = figures.sets(sets, summary["chosen"], "AUPRC")
    assert sum(len(trace.x) for trace in figure.data) == len(sets)
    assert len(figure.data) == len(set(sets["kind"].to_pylist()))


SETTINGS = {
    "budget": "samples", "preset": "calibrated", "n_seed": (15, 60), "n_added": (8, 24), "draws": 3, "dose": 1.0,
    "backbone": "", "texts": "sets", "real": ["random real"],
}  # fmt: skip


def compared(method: str, *scores: float, closed: float | None = None) -> Compared:
    return Compared(method, "samples", scores, 32.0, 1234.5, closed, 1.0)


def test_methods_are_compared_with_the_seed_or_with_another(workspace, page):
    methods = [compared("seed only", 0.5, 0.6, 0.7), compared("random real", 0.6, 0.7, 0.8, closed=0.25)]
    keep_comparison(workspace, "small", SETTINGS, methods)
    app = page("study")
    (table,) = (frame.value for frame in app.dataframe)
    assert table["difference"].round(6).tolist() == [0.0, 0.1]
    assert table["gaps closed"].fillna(-1).tolist() == [-1, 0.25]
    app.selectbox(key="against").set_value("random real").run()
    assert app.dataframe[0].value["difference"].round(6).tolist() == [-0.1, 0.0]


def test_seeds_with_a_hole_show_how_it_is_filled(workspace, page):
    holes = {"seed only": (0.1, 0.2), "random real": (0.3, 0.4)}
    methods = [replace(compared(name, 0.5, 0.6), in_hole=inside) for name, inside in holes.items()]
    keep_comparison(workspace, "small", {**SETTINGS, "hole": True}, methods)
    app = page("study")
    assert app.dataframe[0].value["difference in it"].round(6).tolist() == [0.0, 0.2]
    assert "each with a hole" in app.selectbox(key="setting").options[0]


def test_a_comparison_is_kept_once_for_each_setting(workspace):
    for score in (0.1, 0.2):
        keep_comparison(workspace, "small", SETTINGS, [compared("seed only", score, score)])
    keep_comparison(workspace, "small", {**SETTINGS, "budget": "tokens"}, [compared("seed only", 0.3, 0.3)])
    found = {one.settings["budget"]: one for one in comparisons(workspace, "small")}
    assert [found["samples"].methods[0].mean, found["tokens"].methods[0].mean] == pytest.approx([0.2, 0.3])
    assert found["samples"].title == "8 + 24 added to 15 + 60, equal samples, 3 seeds, texts of sets"


def test_names_of_methods_are_no_markup_in_the_picture():
    rows = [{"added": "<b>mine</b>", "difference": 0.1, "from": 0.0, "to": 0.2}]
    (points,) = figures.methods(rows, "no markup").data
    assert points.y == ("&lt;b&gt;mine&lt;/b&gt;",)
