"""Pages say what the engine says, links restore what they showed, and decisions go into the log."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.examples import st_text
from fac_core.coverage.definition import CALIBRATED, PAPER
from fac_core.coverage.fac import coverage
from fac_core.lab.bench.large_space import write_space
from fac_core.spaces.atlas import clusters_of
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile
from fac_core.store.workspace import Workspace
from fac_core.view import View
from tests.dashboard.conftest import APP
from tests.runs import make_run


def texts(app: AppTest) -> str:
    return "\n".join([*(m.value for m in app.markdown), *(c.value for c in app.caption)])


def button(app: AppTest, label: str):
    return next(b for b in app.button if b.label.startswith(label))


def click(app: AppTest, label: str) -> AppTest:
    button(app, label).click()
    app.run()
    assert not app.exception, app.exception
    return app


@pytest.mark.parametrize(("preset", "definition"), [("paper", PAPER), ("calibrated", CALIBRATED)])
def test_the_overview_shows_fac_as_the_engine_computes_it(workspace, page, preset, definition):
    result = coverage(workspace.run("seed"), workspace.run("anchor"), definition)
    app = page(preset=preset)
    assert app.metric[0].value == f"{result.fac:.1%}"
    assert f"**{result.denominator:,}** features" in texts(app)


def test_every_switch_changes_what_is_counted(workspace, page):
    app = page(preset="paper")
    before = texts(app)
    next(t for t in app.toggle if t.label.startswith("Leave out features in over half")).set_value(True)
    app.run()
    assert not app.exception
    assert app.error  # all features of this anchor are dense: nothing is left, and the page says so
    assert texts(app) != before


def test_without_a_workspace_the_page_says_how_to_make_one(tmp_path, monkeypatch):
    monkeypatch.delenv("FAC_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert "fac demo" in app.code[0].value


def test_without_a_second_run_the_page_says_what_to_encode(workspace, tmp_path, monkeypatch):
    workspace.run_path("id-seed").unlink()
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert "fac encode" in app.code[0].value


def test_a_link_to_a_run_that_there_is_not_says_so(page):
    app = page(run="nosuchrun")
    assert "nosuchrun is not here" in app.warning[0].value


def test_a_link_to_the_anchor_as_the_data_says_what_it_is_and_so_does_one_to_another_space(workspace, page):
    assert "Run anchor is the anchor" in page(run="anchor").warning[0].value
    assert "is the anchor, and cannot" in page(run="id-anchor").warning[0].value
    make_run(workspace.run_path("id-far"), "far", [(1, 0, 9.0)], 4, 8, space_id="elsewhere").close()
    assert "Run far was read by another model or SAE" in page(run="far").warning[0].value


@pytest.mark.parametrize("link", ["id-other", "other · 4 samples"])
def test_a_link_to_a_run_shows_that_run_by_its_id_or_as_the_box_writes_it(workspace, page, link):
    make_run(
        workspace.run_path("id-other"), "other", [(1, 0, 9.0)], 4, 8, created_at="2025-01-01T00:00:00+00:00"
    ).close()
    app = page(run=link)
    assert not app.warning
    assert "fire in other" in texts(app)


def test_a_link_to_a_feature_opens_it(page):
    app = page("features", feature="3", preset="paper")
    assert "Feature 3" in [s.value for s in app.subheader]


@pytest.mark.parametrize("wrong", ["8", "99999", "-1", "abc", "1.5"])
def test_a_link_to_a_feature_that_there_is_not_says_so_and_opens_none(page, wrong):
    app = page("features", feature=wrong)
    assert f"no feature {st_text(wrong)}" in app.warning[0].value
    assert not app.subheader


def test_the_list_says_what_the_filters_hide(page):
    app = page("features", preset="paper", fq_state="Uncovered")
    assert "**3 of 8 shown**; hidden: 3 dead, 1 marking a position, 1 by your filters" in texts(app)
    assert app.dataframe[0].value["feature"].tolist() == ["2", "3", "4"]


def test_a_filter_that_nothing_matches_says_so(page):
    app = page("features", fq_words="nosuchword")
    assert "No feature matches" in app.info[0].value


def test_a_feature_can_be_renamed_and_remembers_what_it_was_called(workspace, page):
    from fac_core.naming.labels import Labels

    app = page("features", feature="3")
    app.text_input(key="author").set_value("Ann").run()
    app.text_input(key="new_label").set_value("courts").run()
    assert not app.exception
    held = Labels(workspace.events(), "space").all()[3]
    assert (held.text, held.author, held.method) == ("courts", "Ann", "person")
    assert "courts" in texts(page("features", feature="3"))


def test_without_an_atlas_the_map_says_how_to_make_one(page):
    app = page("map")
    assert app.code[0].value == "fac space atlas"


def test_with_an_atlas_the_map_lists_what_a_search_finds(workspace, page):
    path = workspace.space_path("space")
    write_space(path, "space", 8)
    with SpaceFile(path) as space:
        (name,) = set(clusters_of(space).values())
    app = page("map", mq_words=name.split(", ")[0])
    assert any("8 features found" in c.value for c in app.caption)
    assert len(app.dataframe[0].value) == 8


def test_opening_a_page_changes_no_run_file(workspace, page):
    before = {p.name: p.stat().st_mtime_ns for p in (workspace.folder / "runs").iterdir()}
    for name in ("overview", "map", "features", "gaps"):
        page(name)
    assert {p.name: p.stat().st_mtime_ns for p in (workspace.folder / "runs").iterdir()} == before
    with RunFile(workspace.run_path("id-seed")) as run:
        assert run.info.n_samples == 16


def test_the_workspace_is_found_as_on_the_command_line(workspace):
    assert Workspace.find().folder == workspace.folder


def test_the_map_is_coloured_by_theme_and_its_table_lists_the_themes(workspace, page):
    write_space(workspace.space_path("space"), "space", 8)
    (theme,) = View.find("seed", "anchor", PAPER, workspace=workspace).missing().themes
    app = page("map", preset="paper")
    assert any("Warm: your data lacks it" in c.value for c in app.caption)
    rows = app.dataframe[0].value
    assert rows["theme"].tolist() == [theme.name, "no theme"]
    assert rows["uncovered"].tolist() == [3, 0]
    assert "gq_theme=" in rows["gaps"][0]
    assert not any("Warm" in c.value for c in page("map", preset="paper", mq_colour="state").caption)
