"""Answers as a notebook shows them: small tables, in which nothing of a dataset is markup."""

from __future__ import annotations

import dataclasses
import sys
from types import SimpleNamespace

import pyarrow as pa
import pytest

import fac_core as fac
from fac_core.gaps.in_notebooks import gaps_as_html, show_in_notebooks
from fac_core.store.workspace import Workspace
from tests.runs import make_run

HARM = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def view(tmp_path_factory) -> fac.View:
    """A seed with a harmful name, short of a theme that has one too."""
    place = Workspace.create(tmp_path_factory.mktemp("shown") / "w")
    sets = [{"set": "law" if s < 12 else HARM} for s in range(16)]
    texts = [f"{HARM} {s}" for s in range(16)]
    anchor = [(f, s, 1.0 + f + s) for f in range(4) for s in range(16)] + [(4, s, 1.0 + s) for s in range(12, 16)]
    make_run(
        place.run_path("id-anchor"), "anchor", anchor, 16, 8, metadata=sets, texts=texts, n_tokens=[6] * 16, shown=False
    ).close()
    seed = [(f, s, 20.0) for f in range(2) for s in range(8)]
    make_run(place.run_path("q"), HARM, seed, 8, 8, n_tokens=[6] * 8, run_id="q").close()
    place.set_anchor("anchor")
    return fac.View.find(HARM, workspace=place)


def test_coverage_is_one_line(view):
    shown = view.coverage()._repr_html_()
    assert "<td>40.0%</td>" in shown
    assert "&lt;img" in shown
    assert "<img" not in shown


def test_what_is_missing_is_a_sentence_and_themes_with_their_texts(view):
    missing = view.missing()
    assert missing.themes
    for shown in (missing._repr_html_(), missing.themes[0]._repr_html_()):
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown
        assert "<img" not in shown
        assert "samples short" in shown
    assert missing._repr_html_().startswith("<p>Your data lacks")


def test_where_nothing_is_missing_it_says_what_could_have_been_seen(view):
    nothing = dataclasses.replace(view.missing(), themes=(), surplus=())
    assert nothing.not_seen.split(",")[0] in nothing._repr_html_()


def test_gaps_are_shown_and_other_tables_are_left_to_arrow(view):
    gaps = view.gaps()
    shown = gaps_as_html(gaps)
    assert shown
    assert shown.count("<tr>") == 1 + gaps.num_rows
    many = pa.concat_tables([gaps] * 4)
    assert gaps_as_html(many).endswith("<p>2 more</p>")  # type: ignore[union-attr]
    harmful = gaps.set_column(gaps.column_names.index("label"), "label", pa.array([HARM] * 3))
    assert "<img" not in gaps_as_html(harmful)  # type: ignore[operator]
    assert gaps_as_html(pa.table({"feature_id": [1]})) is None


def test_a_running_notebook_is_told_how_gaps_look(monkeypatch):
    told = {}
    formatter = SimpleNamespace(for_type=told.__setitem__)
    shell = SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": formatter}))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    show_in_notebooks()
    assert told == {pa.Table: gaps_as_html}


def test_without_a_notebook_nothing_happens(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    show_in_notebooks()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    show_in_notebooks()
