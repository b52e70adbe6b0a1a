"""What runs out is one sentence that says where and how to go on, whichever library met it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from fac_core.errors import CannotWrite, OutOfMemory
from fac_core.shortage import explained, shortage
from tests.checkout import ROOT

FULL = [
    OSError(28, "No space left on device"),
    OSError(27, "File too large"),
    sqlite3.OperationalError("database or disk is full"),
    RuntimeError('IO Error: Could not write file "a": No space left on device'),
    ValueError('Error while serializing: IoError(Os { code: 28, kind: StorageFull, message: "No space" })'),
]
NO_MEMORY = [
    MemoryError(),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    RuntimeError("Out of Memory Error: Allocation failure"),
    RuntimeError("can't start new thread"),
]


@pytest.mark.parametrize("error", FULL, ids=str)
def test_a_full_disk(tmp_path, error):
    said = f"The disk of {tmp_path} is full: about 3 MB are needed, and [0-9,]+ MB are free"
    with pytest.raises(CannotWrite, match=said), explained(tmp_path, lambda: 3_000_000):
        raise error


@pytest.mark.parametrize("error", NO_MEMORY, ids=str)
def test_too_little_memory(tmp_path, error):
    with pytest.raises(OutOfMemory, match=r"did not suffice.*goes on from what is finished\."), explained(tmp_path):
        raise error


def test_what_may_not_be_written_is_told_apart_from_what_may_not_be_read(tmp_path):
    mine, theirs = str(tmp_path / "w" / "a"), "/somewhere/else"
    assert "cannot be written" in str(shortage(PermissionError(13, "Permission denied", mine), tmp_path))
    assert "cannot be written" in str(
        shortage(sqlite3.OperationalError("attempt to write a readonly database"), tmp_path)
    )
    assert shortage(PermissionError(13, "Permission denied", theirs), tmp_path) is None
    assert shortage(FileNotFoundError(2, "No such file", mine), tmp_path) is None
    assert shortage(ValueError("what is written here"), tmp_path) is None


def test_the_cause_of_another_error_counts(tmp_path):
    outer = ValueError("it went wrong")
    outer.__cause__ = OSError(28, "No space left on device")
    assert isinstance(shortage(outer, tmp_path), CannotWrite)


LIMITED = """
import resource, sys
from pathlib import Path
from fac_core.errors import CannotWrite
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
folder = Path(sys.argv[1])
try:
    {what}
except CannotWrite as error:
    print(error)
"""
WRITERS = {
    "a file": "from fac_core.whole import write_whole; write_whole(folder / 'a', b'x' * 400_000)",
    "the log": (
        "from fac_core.store.events import EventLog; log = EventLog(folder / 'log.sqlite')\n"
        "    for n in range(9): log.append('s', 'k', str(n), {'said': 'x' * 100_000}, author='Ann', seen=0)"
    ),
    "a run": "from tests.runs import make_run; make_run(folder, 'r', [(i % 9, i, 1.0) for i in range(9000)], 9000, 9)",
}


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
@pytest.mark.parametrize("what", WRITERS)
def test_nothing_is_half_written_where_files_may_not_grow(tmp_path, what):
    """As on a full disk, with a limit that every user may set."""
    code = LIMITED.format(what=WRITERS[what])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert f"The disk of {tmp_path} is full" in done.stdout, done.stderr[-800:]
    left = {path.name for path in tmp_path.iterdir()} - {
        "config",
        "log.sqlite",
        "log.sqlite-wal",
        "log.sqlite-shm",
        "r.parts",
    }
    assert left == set()
