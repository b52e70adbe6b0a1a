"""The whole command line: its help fits a screen, old names lead on, and it begins without loading anything heavy."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest
import typer

import fac_core as fac
from fac_core.cli import app as command_line
from fac_core.cli.app import MOVED, app, run
from fac_core.cli.fill import _targets
from fac_core.cli.output import progress_bar
from fac_core.store.workspace import Workspace
from fac_core.workflows.naming import rename
from tests.runs import make_run

HEAVY = ["pyarrow", "duckdb", "numpy", "scipy", "pydantic", "torch", "transformers", "sklearn", "datasets", "streamlit"]


@pytest.fixture
def folder(tmp_path):
    """An anchor in which feature 2 is more common than feature 1, and a seed that lacks both but comes near to 2."""
    place = Workspace.create(tmp_path / "w")
    anchor = [(f, s, 4.0 + s) for f, n in ((0, 12), (1, 12), (2, 24), (3, 6)) for s in range(n)]
    make_run(place.run_path("p"), "anchor", anchor, 24, 5, run_id="p").close()
    near = [(0, s, 20.0) for s in range(6)] + [(2, 0, 21.0)]
    make_run(place.run_path("q"), "seed", near, 6, 5, run_id="q").close()
    place.set_anchor("anchor")
    return place.folder


def test_the_help_fits_a_screen_one_line_a_command(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "argv", ["fac"])
    command = "import sys; from fac_core.cli.app import main; main(['--help'])"
    shown = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    lines = shown.rstrip().splitlines()
    assert len(lines) <= 51
    every = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    names = [name for name, command in every.items() if not command.hidden]
    for name in names:
        assert sum(line.startswith(f"│ {name} ") for line in lines) == 1, name
    assert sum(line.startswith("│ ") for line in lines) == len(names) + 2  # and --quiet, --help


def test_a_shell_completes_commands_those_of_the_laboratory_and_closed_choices():
    for words, offered in (("fac enc", "encode"), ("fac lab be", "bench"), ("fac encode x --dtype b", "bfloat16")):
        asks = {"_FAC_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        command = "import sys; sys.argv[0] = 'fac'; from fac_core.cli.app import main; main([])"
        done = subprocess.run(
            [sys.executable, "-c", command], capture_output=True, text=True, env={**os.environ, **asks}
        )
        assert offered in done.stdout.split(), words


def test_quiet_keeps_results_and_errors(folder, capsys):
    loud, quiet = ["gaps", "-w", str(folder)], ["--quiet", "gaps", "-w", str(folder)]
    assert run(loud) == run(quiet) == 0
    with progress_bar("Reading") as tell:
        tell(1, 1)
    assert capsys.readouterr().err == ""
    assert run([*quiet, "none such"]) == 2
    assert "none such" in capsys.readouterr().err
    assert run(loud) == 0
    with progress_bar("Reading") as tell:
        tell(1, 1)
    assert "Reading: 1 of 1" in capsys.readouterr().err


def test_quiet_is_one_command_and_not_those_that_follow_in_its_process(folder, caplog):
    caplog.set_level(logging.INFO)
    assert run(["--quiet", "gaps", "-w", str(folder)]) == 0
    assert run(["--quiet", "none such"]) == 2
    assert logging.getLogger().level == logging.INFO


def test_every_command_stands_in_a_panel():
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        assert command.hidden or command.rich_help_panel, name


@pytest.mark.parametrize("old", sorted(MOVED))
def test_an_old_name_says_the_new_one(old, capsys):
    assert run([old, "whatever", "--json"]) == 2
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert document == {"error": f"`fac {old}` is `{MOVED[old]}` now.", "kind": "WrongUse"}
    assert run([old, "--help"]) == 2
    assert old not in typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_a_new_name_is_a_command_that_there_is():
    groups = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for new in MOVED.values():
        _, first, second, *_ = [*new.split(), ""]
        assert first in groups
        if first in ("jobs", "space"):
            assert second in groups[first].commands


def test_the_laboratory_is_entered_only_by_who_asks_for_it(monkeypatch):
    from fac_core.lab import commands

    rooms = typer.Typer()
    rooms.command("study")(lambda: None)
    rooms.command("arms")(lambda: None)
    monkeypatch.setattr(commands, "app", rooms, raising=False)
    monkeypatch.setattr(command_line.lab, "registered_commands", [])
    assert run(["runs", "--help"]) == 0
    assert command_line.lab.registered_commands == []
    assert run(["lab", "study"]) == 0
    assert len(command_line.lab.registered_commands) == 2


@pytest.mark.parametrize("module", ["fac_core", "fac_core.cli.app", "fac_core.__main__"])
def test_nothing_heavy_is_loaded_before_a_command_runs(module):
    code = f"import sys, {module}; print(*sorted({set(HEAVY)!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


@pytest.mark.parametrize("preset", ["paper", "calibrated"])
@pytest.mark.parametrize("weights", [(), ("--w-rarity", "0"), ("--w-strength", "0", "--w-rarity", "2")])
def test_gaps_stand_in_the_order_of_the_view(folder, capsys, preset, weights):
    assert run(["gaps", "--preset", preset, *weights, "-w", str(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    exponents = {flag.removeprefix("--w-"): float(n) for flag, n in zip(weights[::2], weights[1::2], strict=True)}
    definition = {"paper": fac.PAPER, "calibrated": fac.CALIBRATED}[preset]
    view = fac.View.find(definition=definition, workspace=folder, weights=fac.Weights(**exponents))
    ranked = view.gaps().to_pylist()
    assert [row["feature_id"] for row in rows] == [row["feature_id"] for row in ranked]
    assert [row["priority"] for row in rows] == [row["priority"] for row in ranked]
    assert all(row["snippet"] and row["max"] >= row["median"] for row in rows)
    assert {"relevance", "trust", "strength", "rarity", "label", "cause", "nearest_activation"} <= set(rows[0])


def test_weights_change_which_gap_comes_first(folder, capsys):
    first = []
    for weights in (("--w-rarity", "0"), ("--w-rarity", "3")):
        assert run(["gaps", "--preset", "calibrated", *weights, "-w", str(folder), "--json"]) == 0
        first.append(json.loads(capsys.readouterr().out)[0]["feature_id"])
    assert len(set(first)) == 2


def test_one_run_alone_still_shows_its_features(tmp_path, capsys):
    place = Workspace.create(tmp_path / "w")
    alone = [(f, s, 1.0 + f + s) for f in range(4) for s in range(6)]
    make_run(place.run_path("p"), "anchor", alone, 6, 5, run_id="p").close()
    assert run(["feature", "2", "--top", "2", "-w", str(place.folder)]) == 0
    assert "w000" in capsys.readouterr().out
    assert run(["find", "2", "-w", str(place.folder)]) == 0
    assert run(["coverage", "-w", str(place.folder)]) == 2


def test_the_same_command_means_the_same_batch_whatever_features_are_called(folder):
    spec = fac.SynthesisSpec(seed="seed", anchor="anchor")
    before = _targets("all", spec, folder)
    first = fac.View.find("seed", workspace=folder).gaps()["feature_id"][0].as_py()
    rename(3, "a name", author="Ann", workspace=folder)
    assert fac.View.find("seed", workspace=folder).gaps()["feature_id"][0].as_py() != first
    assert _targets("all", spec, folder) == before == (1, 3)
