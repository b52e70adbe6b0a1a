"""A server is there when the context begins, and gone with all that it started when it ends; one that never comes is told of."""

from __future__ import annotations

import sys

import psutil
import pytest

from dashboard.server import free_port, running

SERVES = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
subprocess.run([sys.executable, "-m", "http.server", sys.argv[1]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no groups of processes")
def test_it_answers_and_ends_with_all_that_it_started(tmp_path):
    port = free_port()
    with running(
        [sys.executable, "-c", SERVES, str(port)], f"http://localhost:{port}/", cwd=tmp_path, log=tmp_path / "log"
    ) as process:
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) == 2
    assert process.returncode is not None
    _, alive = psutil.wait_procs(started, timeout=20)
    assert alive == []


def test_a_server_that_ends_is_told_of_at_once():
    with (
        pytest.raises(RuntimeError, match="ended with 3"),
        running([sys.executable, "-c", "raise SystemExit(3)"], f"http://localhost:{free_port()}/"),
    ):
        pass


def test_one_that_never_answers_is_given_up_and_ended():
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    before = psutil.Process().children()
    with (
        pytest.raises(RuntimeError, match="Nothing answers"),
        running(command, f"http://localhost:{free_port()}/", patience=0.5),
    ):
        pass
    assert set(psutil.Process().children()) <= set(before)
