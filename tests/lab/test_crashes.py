"""The short form of `fac lab crashes`, in a process of its own: its processes are forks, and pytest's has threads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fac_core.errors import BadInput, WrongUse
from fac_core.lab.crashes.crash_matrix import run_matrix
from fac_core.lab.crashes.crash_page import tables, write_page
from fac_core.lab.crashes.invariants import is_no_sentence
from tests.checkout import ROOT

SHORT = """
import json, sys
from pathlib import Path
from fac_core.lab.crashes.crash_matrix import read_log, run_matrix
folder, wanted, tasks = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3].split(",")
print(json.dumps(read_log(run_matrix(folder, wanted, tasks=tasks, tell=lambda _: None))))
"""

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases are forks")


def cases(folder: Path, wanted: dict[str, int], tasks: str) -> list[dict]:
    """Of a run of the matrix; a later one in the same folder adds what it lacks."""
    command = [sys.executable, "-c", SHORT, str(folder), json.dumps(wanted), tasks]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@needs_fork
def test_nothing_is_lost_when_it_is_killed_in_the_middle(tmp_path):
    wanted = {"SIGKILL at the disk": 3, "SIGTERM": 1, "broken shard": 2, "half a run": 1, "two at once": 1}
    found = cases(tmp_path, wanted, "encode,synthesis,export,backup,decide")
    assert len(found) >= 20
    assert [(c["task"], c["ending"], c["where"], c["broken"]) for c in found if c["broken"]] == []
    assert sum(case["in_time"] for case in found) >= 18
    again = cases(tmp_path, wanted, "encode,synthesis,export,backup,decide")
    assert len(again) - len(found) <= 12  # only what came too late is tried again


@needs_fork
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root mounts small disks")
def test_a_full_disk_is_one_sentence_and_nothing_is_half_published(tmp_path):
    try:
        found = cases(tmp_path, {"disk full": 2, "read-only": 1}, "encode,train-sae,export,decide")
    except AssertionError as error:
        if "Only root may mount" in str(error):
            pytest.skip("no small disks may be mounted here")
        raise
    assert [(c["task"], c["ending"], c["where"], c["broken"]) for c in found if c["broken"]] == []
    said = [c["said"] for c in found if c["ending"] == "disk full" and c["in_time"]]
    assert said
    assert all("is full" in one and "again" in one for one in said)


@pytest.mark.parametrize(
    "told", ["OSError: [Errno 28] No space left", "", "Traceback (most recent call last)", "no end"]
)
def test_what_programmers_read_is_no_sentence(told):
    assert is_no_sentence(told)


def test_the_page_has_a_row_a_task_and_says_what_is_wrong(tmp_path):
    found = [
        {"task": "encode", "ending": "SIGKILL", "where": "0.1 s", "in_time": True, "broken": []},
        {"task": "encode", "ending": "SIGKILL", "where": "0.2 s", "in_time": True, "broken": ["a run is gone"]},
        {"task": "merge", "ending": "SIGTERM", "where": "", "in_time": False, "broken": []},
    ]
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- crashes -->\nold\n<!-- end of crashes -->\nafter\n")
    write_page(found, page)
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "| encode | 2, **1 wrong** |  |" in text
    assert "| merge |  | 0 |" in text
    assert "- encode, SIGKILL (0.2 s): a run is gone" in text
    assert tables(found).startswith("2 cases, 1 with a fault.")
    (tmp_path / "other.md").write_text("nothing")
    with pytest.raises(BadInput, match="has no place for the table"):
        write_page(found, tmp_path / "other.md")


def test_a_folder_with_files_of_others_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "thesis.txt").write_text("mine")
    with pytest.raises(WrongUse, match="not of a crash matrix"):
        run_matrix(tmp_path, {})
    assert (tmp_path / "case" / "thesis.txt").read_text() == "mine"
