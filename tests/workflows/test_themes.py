"""A whole theme in one act: found by its name, decided about, taken back by one undo."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run as command
from fac_core.errors import NotFound, WrongUse
from fac_core.store.workspace import Workspace
from fac_core.view import View
from fac_core.workflows.themes import theme_named, triage_of, triage_theme
from tests.runs import make_run

N = 80


@pytest.fixture
def view(tmp_path) -> View:
    """An anchor of courts (features 0 and 1) and bones (2, 3 and 4), and a seed of courts alone."""
    place = Workspace.create(tmp_path / "w")
    courts, bones = ([f"{said} {i}" for i in range(N)] for said in ("the court ruled", "bones and blood"))
    anchor = [(f, s, 1.0 + f + s) for f in range(2) for s in range(N)]
    anchor += [(f, s, 1.0 + f + s) for f in (2, 3, 4) for s in range(N, 2 * N)]
    make_run(
        place.run_path("p"), "anchor", anchor, 2 * N, 6, run_id="p", texts=courts + bones, n_tokens=[6] * 2 * N
    ).close()
    seed = [(f, s, 1.0 + f + s) for f in range(2) for s in range(N)]
    make_run(place.run_path("q"), "seed", seed, N, 6, run_id="q", texts=courts, n_tokens=[6] * N).close()
    place.set_anchor("anchor")
    return View.find("seed", "anchor", workspace=place)


def test_a_theme_is_found_by_the_beginning_of_its_name_and_a_wrong_one_lists_them(view):
    (theme,) = view.missing().themes
    assert theme_named(view, theme.name[:5].upper()) == theme
    for wrong in ("contracts", "", " "):
        with pytest.raises(NotFound, match=theme.name):
            theme_named(view, wrong)


def test_one_act_decides_all_of_it_and_one_undo_takes_it_back(view):
    theme, triage = view.missing().themes[0], triage_of(view)
    triage_theme(view, theme, "target", author="Ann")
    assert triage.targets() == theme.features == (3, 4)
    triage_theme(view, theme, "later", author="Ann", reason="needs an expert")
    assert {d.state for d in triage.decisions().values()} == {"later"}
    triage.undo(triage.last("Ann"), author="Ann")
    assert triage.targets() == (3, 4)
    triage.undo(triage.last("Ann"), author="Ann")
    assert triage.decisions() == {}


def test_what_somebody_took_away_for_a_reason_or_decided_since_is_left(view):
    theme, triage = view.missing().themes[0], triage_of(view)
    triage.decide(3, "label wrong", author="Bob", seen=0, reason="several meanings")
    assert len(triage_theme(view, theme, "target", author="Ann")) == 1
    assert triage.decision(3).author == "Bob"
    assert triage_theme(view, theme, "later", author="Ann", seen={}) == []


def test_a_theme_is_not_put_aside_for_good_without_a_reason(view):
    with pytest.raises(WrongUse, match="needs a reason"):
        triage_theme(view, view.missing().themes[0], "not relevant", author="Ann")


def test_the_command_decides_about_a_theme_or_features_and_takes_back(view, capsys):
    folder = ["-w", str(view.workspace.folder), "--author", "Ann"]
    theme, triage = view.missing().themes[0], triage_of(view)
    assert command(["triage", "--theme", theme.name, "--state", "target", "--json", *folder]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 2
    assert command(["triage", "3", "--state", "not relevant", "--reason", "too rare", *folder]) == 0
    assert triage.targets() == (4,)
    assert command(["triage", "--undo", *folder]) == 0
    assert triage.targets() == (3, 4)
    for wrong in (
        ["--theme", theme.name],
        ["2"],
        [],
        ["2", "--undo"],
        ["--undo", "--state", "later"],
        ["2", "--state", "x"],
    ):
        assert command(["triage", *wrong, *folder]) == 2
    assert command(["triage", "99", "--state", "later", *folder]) != 0
