"""What a run lacks can be asked for, a feature's samples of either run, and results that cannot be written are one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fac_core.cli.app import run
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def folder(tmp_path):
    place = Workspace.create(tmp_path / "w")
    make_run(
        place.run_path("p"), "anchor", [(f, s, 4.0 + s) for f in range(3) for s in range(6)], 6, 5, run_id="p"
    ).close()
    make_run(place.run_path("q"), "seed", [(0, 0, 1.5), (0, 2, 2.5)], 3, 5, run_id="q").close()
    place.set_anchor("anchor")
    return str(place.folder)


def answer(capsys, *arguments):
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_records_that_are_not_in_a_run_are_shown_with_their_reasons(folder, capsys):
    assert answer(capsys, "runs", "--failures", "seed", "-w", folder) == {
        "run": "seed",
        "by_reason": {},
        "failures": [],
    }
    assert run(["runs", "--failures", "seed", "-w", folder]) == 0
    assert "All records are in seed." in capsys.readouterr().out


def test_the_strongest_samples_are_those_of_anchor_and_run(folder, capsys):
    found = answer(capsys, "feature", "0", "--top", "1", "--run", "seed", "-w", folder)
    assert [[one["activation"] for one in found[key]] for key in ("examples", "of_run")] == [[9.0], [2.5]]
    assert run(["feature", "0", "--top", "1", "--run", "seed", "-w", folder]) == 0
    shown = capsys.readouterr().out
    assert shown.index("anchor ") < shown.index("seed ")


def test_a_damaged_atlas_is_told_of_and_left_out(folder, capsys, caplog):
    space = Workspace(folder).space_path(Workspace(folder).anchor().space_id)
    space.parent.mkdir(exist_ok=True)
    space.write_bytes(b"no atlas at all" * 1000)
    assert [one["feature_id"] for one in answer(capsys, "gaps", "-w", folder)] == [1, 2]
    assert "The atlas is left out" in caplog.text
    assert "fac space atlas --anew" in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
def test_a_result_that_cannot_be_written_is_one_sentence(folder):
    command = f"from fac_core.cli.app import main; main(['runs', '--json', '-w', {folder!r}])"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert "The result cannot be written: No space left on device" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_device_that_is_not_there_is_said_before_a_model_is_loaded(folder, capsys):
    assert run(["synthesise", "--targets", "1", "--seed", "seed", "--device", "cuda:99", "-w", folder]) == 2
    assert "PyTorch finds no device cuda:99 here" in capsys.readouterr().err
