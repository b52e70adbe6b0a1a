"""What the chain alone cannot show, the memory of who opened the log does: all of it was written anew, or its end was cut off."""

from __future__ import annotations

import shutil

import pytest

from fac_core.store import events
from fac_core.store.events import EventLog
from fac_core.store.log import chain
from fac_core.store.upkeep.backup import back_up, restore
from fac_core.store.workspace import Workspace
from tests.store.log.test_chain import change, log, place

__all__ = ["log", "place"]

CUT_OFF = (
    "DELETE FROM event WHERE seq > 3",
    "UPDATE log_head SET seq = 3, hash = (SELECT hash FROM event WHERE seq = 3)",
)
FORGED = (
    "UPDATE event SET author = 'Eve' WHERE seq = 2", "UPDATE event SET hash = NULL", "DROP TABLE log_head",
    "PRAGMA user_version = 0",
)  # fmt: skip
ADDED = (
    "INSERT INTO event SELECT 6, scope, kind, '9', 1, payload, 'Eve', at, NULL, NULL FROM event WHERE seq = 5",
    "PRAGMA user_version = 0",
)


def opened(log: EventLog) -> EventLog:
    """As another process opens it."""
    events._OPENED.discard(log.path)
    return EventLog(log.path)


@pytest.mark.parametrize("done", [CUT_OFF, FORGED, ADDED], ids=["cut off", "forged", "added"])
def test_it_is_told_until_somebody_accepts_it(log, done, caplog):
    change(log, *done)
    assert opened(log).faults()
    assert "is not as it was written" in caplog.text
    log.append("run", "triage", "8", {"state": "later"}, author="Ann", seen=0)
    assert opened(log).faults()
    log.accept(author="Ann")
    assert opened(log).faults() == []
    assert log.history("log", "chain")[-1].payload["accepted"]


def test_a_chain_that_is_whole_again_is_another_one(log):
    """By somebody who has read this program."""
    change(log, "UPDATE event SET author = 'Eve' WHERE seq = 2")
    with chain.writing(log.path) as connection:
        chain._chain_anew(connection)
    assert log.faults() == ["It ended with event 5 when it was last seen here, and that is gone or another one now."]


def test_a_log_that_had_a_chain_gets_no_second_one_from_who_never_saw_it(log, tmp_path, monkeypatch):
    change(log, "UPDATE event SET author = 'Eve' WHERE seq = 2", "PRAGMA user_version = 0")
    monkeypatch.setenv("FAC_CONFIG", str(tmp_path / "somebody else"))
    assert opened(log).faults()[0].startswith("Event 2 (triage 2, by Eve")


def test_a_workspace_that_is_made_anew_in_a_folder_is_no_log_that_was_cut_off(place, log):
    shutil.rmtree(place.folder)
    again = opened(Workspace.create(place.folder).events())
    again.append("run", "triage", "1", {"state": "later"}, author="Ann", seen=0)
    assert opened(again).faults() == []


def test_what_a_backup_brings_back_is_what_is_known_then(place, log, tmp_path):
    back_up(place, tmp_path / "b")
    log.append("run", "triage", "6", {"state": "later"}, author="Ann", seen=0)
    shutil.rmtree(place.folder)
    assert opened(restore(tmp_path / "b", place.folder).events()).faults() == []


def test_where_nothing_can_be_remembered_everything_else_goes_on(log, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("FAC_CONFIG", str(tmp_path / "a file"))
    log.append("run", "triage", "6", {"state": "later"}, author="Ann", seen=0)
    assert opened(log).head()[0] == 6
