"""A backup is of one moment, also while people decide; what comes back is what was there; damage is told of."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fac_core.cli.app import run
from fac_core.errors import BadInput, NotFound, RunBroken, WrongUse
from fac_core.store import sqlite_file
from fac_core.store.upkeep.backup import back_up, restore
from fac_core.store.workspace import Workspace
from tests.runs import make_run

DECIDE = """
import sys
from pathlib import Path
from fac_core.store.workspace import Workspace

log, who = Workspace(Path(sys.argv[1])).events(), sys.argv[2]
for n in range(60):
    log.append("run", "triage", f"{who}-{n}", {"state": "target"}, author=who, seen=0)
    print(n, flush=True)
"""


@pytest.fixture
def place(tmp_path) -> Workspace:
    place = Workspace.create(tmp_path / "w")
    for name in ("anchor", "seed"):
        make_run(place.run_path(name), name, [(0, 0, 1.0), (1, 1, 2.0)], 2, 4, run_id=name).close()
    place.set_anchor("anchor")
    (place.folder / "prompts").mkdir()
    (place.folder / "prompts" / "mine.toml").write_text("name = 'x'")
    place.answers()
    place.events().append("run", "triage", "41", {"state": "target"}, author="Ann", seen=0)
    return place


def held(place: Workspace) -> dict[str, str]:
    return {item: event.payload["state"] for item, event in place.events().latest("run", "triage").items()}


def test_what_comes_back_is_what_was_there(place, tmp_path):
    made = back_up(place, tmp_path / "b")
    assert made.n_files == made.n_copied == 6
    for found in (Workspace(tmp_path / "b"), restore(tmp_path / "b", tmp_path / "again")):
        assert held(found) == {"41": "target"}
        assert [info.run_id for info in found.runs()] == [info.run_id for info in place.runs()]
        assert found.anchor().run_id == "anchor"
        assert found.run_path("seed").read_bytes() == place.run_path("seed").read_bytes()
        assert (found.folder / "prompts" / "mine.toml").read_text() == "name = 'x'"


def test_the_next_backup_copies_what_is_new_and_deletes_nothing(place, tmp_path):
    back_up(place, tmp_path / "b")
    (tmp_path / "b" / "note.txt").write_text("mine")
    assert back_up(place, tmp_path / "b").n_copied == 0
    place.run_path("seed").unlink()
    make_run(place.run_path("new"), "new", [(0, 0, 1.0)], 1, 4, run_id="new").close()
    place.events().append("run", "triage", "42", {"state": "later"}, author="Ann", seen=0)
    assert back_up(place, tmp_path / "b").n_copied == 2
    found = restore(tmp_path / "b", tmp_path / "again")
    assert {info.run_id for info in found.runs()} == {"anchor", "seed", "new"}
    assert held(found) == {"41": "target", "42": "later"}
    assert (tmp_path / "b" / "note.txt").read_text() == "mine"


def test_eight_processes_decide_meanwhile(place, tmp_path):
    command = [sys.executable, "-c", DECIDE, str(place.folder)]
    people = [subprocess.Popen([*command, f"p{i}"], stdout=subprocess.PIPE, text=True) for i in range(8)]
    for one in people:
        assert one.stdout is not None
        assert one.stdout.readline() == "0\n"
    back_up(place, tmp_path / "during")
    assert all(one.wait(120) == 0 for one in people)
    back_up(place, tmp_path / "after")
    during, after = (held(restore(tmp_path / name, tmp_path / f"{name}-w")) for name in ("during", "after"))
    assert after == held(place)
    assert len(after) == 8 * 60 + 1
    assert 9 <= len(during) <= len(after)
    assert during.items() <= after.items()


def test_a_copy_of_the_file_alone_has_every_decision(place, tmp_path):
    """Also while somebody has it open, so that its -wal stays beside it."""
    with sqlite3.connect(place.folder / "workspace.sqlite") as other:
        other.execute("SELECT count(*) FROM event").fetchone()
        for n in range(50):
            place.events().append("run", "triage", str(n), {"state": "target"}, author="Ann", seen=0 if n != 41 else 1)
        copy = shutil.copytree(place.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    assert len(held(Workspace(copy))) == 50


@pytest.mark.parametrize("name", ["runs/seed.duckdb", "workspace.sqlite"])
def test_a_damaged_backup_is_not_restored(place, tmp_path, name):
    back_up(place, tmp_path / "b")
    path = tmp_path / "b" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BadInput, match=f"{name} is missing or damaged"):
        restore(tmp_path / "b", tmp_path / "again")
    path.unlink()
    with pytest.raises(BadInput, match=f"{name} is missing or damaged"):
        restore(tmp_path / "b", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_nothing_of_others_is_written_over(place, tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("years of work")
    with pytest.raises(WrongUse, match="holds no backup"):
        back_up(place, tmp_path / "theirs")
    with pytest.raises(WrongUse, match="lies in the workspace itself"):
        back_up(place, place.folder / "b")
    with pytest.raises(NotFound, match="is no backup"):
        restore(tmp_path / "theirs", tmp_path / "again")
    back_up(place, tmp_path / "b")
    with pytest.raises(WrongUse, match="is not empty"):
        restore(tmp_path / "b", tmp_path / "theirs")
    manifest = tmp_path / "b" / "backup.json"
    manifest.write_text(json.dumps({"files": {"../theirs/thesis.txt": "0"}}))
    with pytest.raises(BadInput, match="lies outside of it"):
        restore(tmp_path / "b", tmp_path / "again")


@pytest.mark.parametrize("damage", ["cut", "garbage", "holes"])
def test_a_damaged_log_is_one_sentence_and_is_not_backed_up(place, tmp_path, damage):
    for n in range(200):
        place.events().append("run", "triage", f"n{n}", {"state": "target", "why": "x" * 100}, author="Ann", seen=0)
    path: Path = place.folder / "workspace.sqlite"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "garbage":
        content[:] = b"no database at all " * 500
    else:
        content[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
    path.write_bytes(content)
    sqlite_file._INTACT.clear()
    for ask in (place.events, lambda: back_up(place, tmp_path / "b")):
        with pytest.raises(RunBroken, match=r"workspace\.sqlite cannot be used.*fac restore"):
            ask()


def test_one_event_that_cannot_be_read_hides_no_other(place, caplog):
    for item in ("1", "2"):
        place.events().append("run", "triage", item, {"state": "target"}, author="Bob", seen=0)
    with sqlite3.connect(place.folder / "workspace.sqlite") as db:
        db.execute("UPDATE event SET payload = '{\"state\"' WHERE item = '1'")
    assert held(place) == {"41": "target", "2": "target"}
    assert "triage 1, by Bob" in caplog.text
    event = place.events().append("run", "triage", "1", {"state": "later"}, author="Ann", seen=1)
    place.events().undo(event, author="Ann")
    assert held(place) == {"41": "target", "2": "target"}


def test_the_commands(place, tmp_path, capsys):
    assert run(["backup", str(tmp_path / "b"), "-w", str(place.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_copied"] == 6
    assert run(["restore", str(tmp_path / "b"), str(tmp_path / "again")]) == 0
    assert f"--workspace {tmp_path / 'again'}" in " ".join(capsys.readouterr().out.split())
    assert run(["restore", str(tmp_path / "w"), str(tmp_path / "more")]) == 2


DIES = """
import os, signal, sys
from pathlib import Path
from fac_core.store.upkeep.backup import back_up
from fac_core.store.workspace import Workspace

replace = Path.replace
def after(self, target):
    done = replace(self, target)
    if str(target).endswith(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return done
Path.replace = after
back_up(Workspace(Path(sys.argv[1])), Path(sys.argv[2]))
"""


def dies_after(place, folder, name):
    """A backup that is killed right after it has put a file."""
    command = [sys.executable, "-c", DIES, str(place.folder), str(folder), name]
    assert subprocess.run(command, check=False).returncode < 0


def test_a_first_backup_that_was_killed_goes_on_and_is_none_until_then(place, tmp_path):
    dies_after(place, tmp_path / "b", "anchor.duckdb")
    with pytest.raises(BadInput, match="was never finished"):
        restore(tmp_path / "b", tmp_path / "again")
    back_up(place, tmp_path / "b")
    assert held(restore(tmp_path / "b", tmp_path / "again")) == held(place)
    assert not list((tmp_path / "b").rglob(".building-*"))


@pytest.mark.parametrize("name", ["workspace.sqlite", "workspace.json"])
def test_a_backup_that_is_killed_while_it_is_taken_again_can_be_restored(place, tmp_path, name):
    back_up(place, tmp_path / "b")
    place.events().append("run", "triage", "42", {"state": "later"}, author="Ann", seen=0)
    place.set_anchor("seed")
    dies_after(place, tmp_path / "b", name)
    assert held(restore(tmp_path / "b", tmp_path / "again")) == {"41": "target", "42": "later"}


DECIDES_AGAINST_OTHERS = """
import sys
from pathlib import Path
from fac_core.errors import Conflict
from fac_core.store.workspace import Workspace

log, who, refused = Workspace(Path(sys.argv[1])).events(), sys.argv[2], 0
for n in range(100):
    while True:
        seen = log.version("run", "shared", str(n))
        try:
            event = log.append("run", "shared", str(n), {"by": who}, author=who, seen=seen)
            break
        except Conflict as conflict:
            assert "after you looked. Look again" in str(conflict) and conflict.event.author != who
            refused += 1
    print(event.seq, event.version, flush=True)
print("refused", refused)
"""


def test_of_eight_times_a_hundred_decisions_about_the_same_none_is_lost(place):
    command = [sys.executable, "-c", DECIDES_AGAINST_OTHERS, str(place.folder)]
    people = [subprocess.Popen([*command, f"p{i}"], stdout=subprocess.PIPE, text=True) for i in range(8)]
    told = [one.communicate(timeout=300)[0].splitlines() for one in people]
    assert [one.returncode for one in people] == [0] * 8
    acknowledged = {tuple(map(int, line.split())): f"p{i}" for i, lines in enumerate(told) for line in lines[:-1]}
    stored = {(event.seq, event.version): event.author for event in place.events().history("run", "shared")}
    assert len(acknowledged) == 800
    assert stored == acknowledged
