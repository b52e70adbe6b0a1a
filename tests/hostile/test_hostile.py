"""The short form of the corpus: the first case of each kind comes to a verdict that is ours. `make hostile` is the whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.checkout import ROOT
from tests.hostile.pool import KINDS, corpus


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_every_door_reads_or_refuses():
    command = [sys.executable, "-m", "tests.hostile", "--share", "0.01", "--no-bombs"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_the_whole_corpus_is_large_and_the_same_at_every_time():
    assert len(corpus()) >= 5000
    assert corpus() == corpus()
    assert len(KINDS) >= 10
