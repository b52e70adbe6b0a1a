"""Several datasets of one space, through a view."""

from __future__ import annotations

import pytest

import fac_core as fac
from fac_core import comparison
from fac_core.errors import NotFound
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def folder(tmp_path):
    """An anchor with features 0 to 3, a seed that lacks 2 and 3, and a third run that has 2 alone."""
    place = Workspace.create(tmp_path / "w")
    anchor = [(f, s, 1.0 + s) for f in range(4) for s in range(6)]
    make_run(place.run_path("p"), "anchor", anchor, 6, 5, run_id="p").close()
    make_run(place.run_path("m"), "<more>", [(2, s, 9.0 + s) for s in range(3)], 3, 5, run_id="m").close()
    make_run(place.run_path("q"), "seed", [(f, s, 1.0) for f in range(2) for s in range(4)], 4, 5, run_id="q").close()
    place.set_anchor("anchor")
    return place.folder


def view(folder) -> fac.View:
    return fac.View.find("seed", workspace=folder)


def test_the_matrix_takes_all_runs_of_the_space_unless_some_are_named(folder):
    assert comparison.matrix(view(folder)).names == ("anchor", "<more>", "seed")
    assert comparison.matrix(view(folder), ["seed", "anchor"]).names == ("seed", "anchor")


def test_texts_for_a_feature_come_from_all_runs_strongest_first(folder):
    found = fac.Feature(view(folder), 2).texts(n=4)
    assert [(text.run, text.example.activation) for text in found] == [
        ("<more>", 11.0), ("<more>", 10.0), ("<more>", 9.0), ("anchor", 6.0),
    ]  # fmt: skip
    assert all(text.counts for text in found)
    assert {text.run for text in fac.Feature(view(folder), 2).texts(["anchor"])} == {"anchor"}


def test_a_text_that_only_nearly_fires_is_found_and_does_not_count(folder):
    found = fac.Feature(view(folder).counted(fac.CALIBRATED), 0).texts(["seed"])
    assert found
    assert not any(text.counts for text in found)


def test_gaps_are_searched_in_neither_the_run_nor_the_anchor(folder):
    (found,) = comparison.closing(view(folder))
    assert (found.sources, found.n_gaps, found.closed) == (("<more>",), 2, (2,))
    (whole,) = comparison.closing(view(folder), ["anchor"])
    assert whole.closed == (2, 3)


def test_without_a_third_run_the_error_says_what_to_do(folder):
    Workspace(folder).run_path("m").unlink()
    with pytest.raises(NotFound, match="third run"):
        comparison.closing(view(folder))


def test_effects_have_the_words_of_the_anchor(folder):
    rows = comparison.effects(view(folder).of("anchor"), "<more>").to_pylist()
    assert {row["feature_id"] for row in rows} == {0, 1, 2, 3}
    assert all(row["words"] for row in rows)


def test_a_feature_that_there_is_not_is_refused(folder):
    with pytest.raises(NotFound, match="no feature 5"):
        fac.Feature(view(folder), 5)
