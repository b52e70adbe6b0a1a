"""Folders of processes that were killed are swept; those of the living, and of others, are not touched."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fac_core.scratch import scratch, sweep
from fac_core.whole import BUILDING, whole

DIES_WHILE_REPLACING = """
import os, signal, sys
from pathlib import Path
from fac_core.whole import whole

replace, moved, dies_at = Path.replace, 0, int(sys.argv[2])
def replacing(self, target):
    global moved
    moved += 1
    if moved == dies_at:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = replacing
with whole(sys.argv[1], replaces_folder=True) as building:
    building.mkdir()
    (building / "said").write_text("new")
"""


def dies_while_replacing(folder, at):
    assert (
        subprocess.run([sys.executable, "-c", DIES_WHILE_REPLACING, str(folder), str(at)], check=False).returncode < 0
    )


def test_what_a_killed_writer_left_is_swept_and_nothing_of_others(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / ".building-mine").mkdir()  # somebody's own folder of that name: no lock of ours is beside it
    dies_while_replacing(tmp_path / "kept", at=1)
    with scratch(tmp_path, BUILDING) as living:
        assert len(list(tmp_path.iterdir())) == 6
        sweep(tmp_path, BUILDING)
        assert living.is_dir()
        assert {path.name for path in tmp_path.iterdir()} == {
            "kept",
            ".building-mine",
            living.name,
            f"{living.name}.lock",
        }
    assert {path.name for path in tmp_path.iterdir()} == {"kept", ".building-mine"}


@pytest.mark.parametrize(("at", "then"), [(1, "old"), (2, "new")])
def test_a_folder_is_never_gone_when_replacing_it_breaks_off(tmp_path, at, then):
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "said").write_text("old")
    dies_while_replacing(folder, at)
    sweep(tmp_path, BUILDING)
    assert (folder / "said").read_text() == then
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_whoever_replaces_a_folder_sweeps_first(tmp_path):
    (tmp_path / "export").mkdir()
    dies_while_replacing(tmp_path / "export", at=1)
    with whole(tmp_path / "export", replaces_folder=True) as building:
        building.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
