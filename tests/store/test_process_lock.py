"""A lock is held by a living process, and by no other."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fac_core.errors import StoreBusy
from fac_core.store.process_lock import held, held_in_turn, is_held, sweep_locks


def test_a_lock_is_held_until_it_is_let_go_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.lock"
    assert not is_held(path)
    with held(path, "busy"):
        assert is_held(path)
        with pytest.raises(StoreBusy, match="somebody else"), held(path, "somebody else"):
            pass
        assert is_held(path)
    assert not is_held(path)
    assert not path.exists()


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "a.lock"
    code = (
        "import sys; from pathlib import Path; from fac_core.store.process_lock import held\n"
        "with held(Path(sys.argv[1]), 'busy'): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert is_held(path)
        process.kill()
        process.wait()
    assert path.exists()
    assert not is_held(path)


_CRITICAL = """
import sys, time
from pathlib import Path
from fac_core.errors import StoreBusy
from fac_core.store.process_lock import held

folder, until = Path(sys.argv[1]), time.monotonic() + 3
entered = 0
while time.monotonic() < until:
    try:
        with held(folder / "a.lock", "busy"):
            try:
                (folder / "inside").mkdir()
            except FileExistsError:
                sys.exit("somebody else is inside")
            entered += 1
            time.sleep(0.0005)
            (folder / "inside").rmdir()
    except StoreBusy:
        pass
print(entered)
"""


def test_four_processes_are_never_inside_together(tmp_path):
    command = [sys.executable, "-c", _CRITICAL, str(tmp_path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ended = [(*process.communicate(timeout=60), process.returncode) for process in running]
    assert [(err, code) for _, err, code in ended] == [("", 0)] * 4
    assert sum(int(out) for out, _, _ in ended) > 20


HOLDS = (
    "import sys; from pathlib import Path; from fac_core.store.process_lock import held\n"
    "with held(Path(sys.argv[1]), 'busy'): print('held', flush=True); sys.stdin.read()"
)


def test_the_locks_of_killed_processes_are_swept_and_those_of_the_living_are_not(tmp_path):
    living, dead = tmp_path / "worker-1.lock", tmp_path / "worker-2.lock"
    with (
        subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(living)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as one,
        subprocess.Popen(
            [sys.executable, "-c", HOLDS, str(dead)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
    ):
        for process in (one, other):
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
        other.kill()
        other.wait()
        (tmp_path / "note.lock").touch()
        removed = []
        assert sweep_locks(tmp_path, "worker-*.lock", removed.append) == ["worker-2.lock"]
        assert removed == [dead]
        assert living.exists()
        assert (tmp_path / "note.lock").exists()
        one.kill()


def test_who_waits_gets_the_lock_after_whoever_has_it_and_may_stop_waiting(tmp_path):
    path, waited = tmp_path / "a.lock", []

    def tired() -> None:
        waited.append(1)
        if len(waited) == 2:
            raise KeyError("enough")

    with held(path, "busy"), pytest.raises(KeyError, match="enough"), held_in_turn(path, tired):
        pass
    assert len(waited) == 2
    with held_in_turn(path, tired):
        assert is_held(path)
    assert not path.exists()
