"""`FAC_LOG=json`: every line on stderr that the engine logs is one JSON object, and what jobs do is among them."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import fac_core as fac
from fac_core.store.workspace import Workspace


def logged(place: Workspace, form: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fac_core", "jobs", "worker", "--once", "-w", str(place.folder), "--json"]
    return subprocess.run(command, env={**os.environ, "FAC_LOG": form}, text=True, capture_output=True, check=False)


def test_what_a_worker_does_is_one_object_a_line(tmp_path):
    place = Workspace.create(tmp_path / "w")
    fac.submit_job("label", {"run": "absent"}, workspace=place)
    said = [line for line in logged(place, "json").stderr.splitlines() if line.startswith("{")]
    lines = [json.loads(line) for line in said]
    assert lines[0]["message"].startswith("Job 1 (label) starts at worker-")
    assert lines[-1]["message"].startswith("Job 1: failed There is no run 'absent'")
    assert {"time", "level", "logger", "process", "message"} <= lines[0].keys()


def test_without_it_only_warnings_are_said_in_words(tmp_path):
    place = Workspace.create(tmp_path / "w")
    fac.submit_job("label", {"run": "absent"}, workspace=place)
    assert "{" not in logged(place, "text").stderr


def test_another_format_is_refused(tmp_path):
    found = logged(Workspace.create(tmp_path / "w"), "xml")
    assert found.returncode == 2
    assert "choose text or json" in found.stderr
