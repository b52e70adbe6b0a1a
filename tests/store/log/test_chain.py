"""The chain of the log: what anything but this program removes, alters, moves or adds is found, and said which it was."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from fac_core.cli.app import run
from fac_core.errors import RunBroken
from fac_core.store import events
from fac_core.store.events import EventLog
from fac_core.store.sqlite_file import FILE_VERSION
from fac_core.store.upkeep.backup import back_up, restore
from fac_core.store.workspace import Workspace

DECIDE = """
import sys
from pathlib import Path
from fac_core.store.events import EventLog

log, who = EventLog(Path(sys.argv[1])), sys.argv[2]
for n in range(25):
    log.append("run", "triage", f"{who}-{n}", {"state": "target"}, author=who, seen=0)
    log.append_many("run", "label", {f"{who}-{n}-{i}": {"text": "a"} for i in range(3)}, author=who)
"""


@pytest.fixture
def place(tmp_path) -> Workspace:
    return Workspace.create(tmp_path / "w")


@pytest.fixture
def log(place) -> EventLog:
    log = place.events()
    for n in range(1, 6):
        log.append("run", "triage", str(n), {"state": "target", "note": f"ü{n}"}, author="Ann", seen=0)
    return log


def change(log: EventLog, *statements: str) -> None:
    """What somebody does with another program."""
    with closing(sqlite3.connect(log.path)) as other:
        for statement in statements:
            other.execute(statement)
        other.commit()


def test_a_log_that_was_only_written_by_us_has_no_fault(log):
    log.undo(log.history("run", "triage", "5")[0], author="Ann")
    log.append_many("run", "label", {}, author="Ann")
    assert log.faults() == []
    assert log.head()[0] == 6


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ('UPDATE event SET payload = \'{"state": "later"}\' WHERE seq = 3', "Event 3 (triage 3, by Ann"),
        ("UPDATE event SET author = 'Bob' WHERE seq = 1", "Event 1 (triage 1, by Bob"),
        ("UPDATE event SET at = '2020-01-01' WHERE seq = 5", "Event 5 (triage 5, by Ann at 2020-01-01)"),
        ("DELETE FROM event WHERE seq = 3", "Event 3 is gone."),
        ("DELETE FROM event WHERE seq IN (2, 3)", "Events 2 to 3 are gone."),
        ("DELETE FROM event WHERE seq > 3", "Events 4 to 5 are gone."),
        ("DELETE FROM event", "Events 1 to 5 are gone."),
        ("UPDATE event SET payload = x'FF' WHERE seq = 2", "Event 2 (triage 2, by Ann"),
        (
            "INSERT INTO event VALUES (6, 'run', 'triage', '9', 1, '{}', 'Eve', '2026-01-01', NULL, NULL)",
            "Event 6 (triage 9, by Eve at 2026-01-01) bears no hash",
        ),
    ],
)
def test_what_was_done_to_the_log_is_told(log, statement, said):
    change(log, statement)
    assert any(fault.startswith(said) for fault in log.faults()), log.faults()


def test_events_that_changed_places_are_told(log):
    swap = "UPDATE event SET seq = {} WHERE seq = {}"
    change(log, swap.format(99, 2), swap.format(2, 4), swap.format(4, 99))
    assert [fault.partition(" (")[0] for fault in log.faults()][:2] == ["Event 2", "Event 3"]


def test_what_is_decided_after_the_end_was_cut_off_does_not_hide_that(log):
    change(log, "DELETE FROM event WHERE seq > 3")
    log.append("run", "triage", "6", {"state": "later"}, author="Ann", seen=0)
    assert log.faults() == ["Events 4 to 5 are gone."]


def test_eight_processes_write_one_chain(log):
    writers = [subprocess.Popen([sys.executable, "-c", DECIDE, str(log.path), f"w{i}"]) for i in range(8)]
    assert [writer.wait() for writer in writers] == [0] * 8
    assert log.faults() == []
    assert log.head()[0] == 5 + 8 * 25 * 4


def test_an_older_log_gets_a_chain_and_an_event_says_so_once(tmp_path):
    path = tmp_path / "workspace.sqlite"
    with closing(sqlite3.connect(path)) as old:
        old.execute(
            "CREATE TABLE event (seq INTEGER PRIMARY KEY, scope TEXT NOT NULL, kind TEXT NOT NULL, item TEXT NOT NULL,"
            " version INTEGER NOT NULL, payload TEXT NOT NULL, author TEXT NOT NULL, at TEXT NOT NULL, undoes INTEGER,"
            " UNIQUE (scope, kind, item, version))"
        )
        row = ("run", "triage", "41", 1, '{"state": "target"}', "Ann", "2026-01-01T00:00:00+00:00", None)
        old.execute("INSERT INTO event VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.commit()
    openers = [
        subprocess.Popen([sys.executable, "-c", DECIDE.replace("25", "1"), str(path), f"w{i}"]) for i in range(4)
    ]
    assert [one.wait() for one in openers] == [0] * 4
    log = EventLog(path)
    (said,) = log.history("log", "chain")
    assert (said.seq, said.payload, said.author) == (2, {"chained": 1}, "fac")
    assert log.latest("run", "triage")["41"].payload == {"state": "target"}
    assert log.faults() == []
    change(log, "UPDATE event SET payload = '{}' WHERE seq = 1")
    assert log.faults()[0].startswith("Event 1 (triage 41, by Ann")


def test_a_log_of_a_newer_program_is_not_written_to(log):
    change(log, f"PRAGMA user_version = {FILE_VERSION + 1}")
    with pytest.raises(RunBroken, match="newer version"):
        EventLog(log.path)


def test_whoever_opens_a_log_that_was_changed_is_told(log, caplog):
    change(log, "DELETE FROM event WHERE seq = 3")
    events._OPENED.discard(log.path)
    EventLog(log.path)
    assert "Event 3 is gone." in caplog.text
    assert "fac restore" in caplog.text


def test_the_doctor_tells_and_takes_it_as_it_is_when_told_to(place, log, capsys):
    def doctor(*more: str) -> dict:
        code = run(["doctor", "-w", str(place.folder), "--json", *more])
        checks = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
        return {"code": code, **checks["log of decisions"]}

    assert doctor()["ok"]
    change(log, "DELETE FROM event WHERE seq = 3")
    told = doctor()
    assert (told["code"], told["ok"]) == (1, False)
    assert "Event 3 is gone." in told["found"]
    assert "--accept-log" in told["mend"]
    assert doctor("--accept-log")["ok"]
    (note,) = log.history("log", "chain")
    assert note.payload["accepted"] == ["Event 3 is gone."]
    assert log.faults() == []


def test_a_good_backup_is_not_replaced_by_a_log_that_was_changed(place, log, tmp_path):
    back_up(place, tmp_path / "b")
    change(log, "DELETE FROM event WHERE seq = 3")
    with pytest.raises(RunBroken, match="Event 3 is gone"):
        back_up(place, tmp_path / "b")
    assert restore(tmp_path / "b", tmp_path / "again").events().faults() == []


def test_a_log_that_was_made_anew_is_found_by_the_backup_before(place, log, tmp_path):
    back_up(place, tmp_path / "b")
    change(log, "UPDATE event SET author = 'Eve' WHERE seq = 5")
    log.accept(author="Eve")
    assert log.faults() == []
    with pytest.raises(RunBroken, match="event 5 is another one now"):
        back_up(place, tmp_path / "b")


def test_an_event_before_the_first_one_is_found(log):
    change(log, "INSERT INTO event SELECT 0, scope, kind, item, 99, payload, 'Bob', at, NULL, '' FROM event LIMIT 1")
    assert "before the first one" in " ".join(log.faults())
