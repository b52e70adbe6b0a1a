"""Connections are kept for their next use, and never for another file or after something went wrong."""

from __future__ import annotations

import sqlite3

import pytest

from fac_core.errors import Conflict
from fac_core.store import sqlite_file
from fac_core.store.events import EventLog


@pytest.fixture
def opened(tmp_path, monkeypatch) -> list[sqlite3.Connection]:
    """The connections that are opened to a log that is there and was found intact."""
    EventLog(tmp_path / "log")
    EventLog(tmp_path / "log")
    found: list[sqlite3.Connection] = []
    connect = sqlite_file._connect

    def noted(path):
        found.append(connect(path))
        return found[-1]

    monkeypatch.setattr(sqlite_file, "_connect", noted)
    return found


def test_one_after_another_asks_over_one_connection(tmp_path, opened):
    for _ in range(3):
        EventLog(tmp_path / "log").newest("s", "k")
    assert opened == []


def test_a_table_that_is_there_is_not_made_again(tmp_path, opened):
    said: list[str] = []
    sqlite_file._KNOWN[tmp_path / "log"].idle[0].set_trace_callback(said.append)
    EventLog(tmp_path / "log").newest("s", "k")
    assert not [one for one in said if one.startswith("CREATE")]


def test_of_a_file_that_was_replaced_nothing_is_kept(tmp_path):
    EventLog(tmp_path / "other").append("s", "k", "1", {"a": 1}, author="Ann", seen=0)
    log = EventLog(tmp_path / "log")
    assert log.newest("s", "k") == 0
    (tmp_path / "other").replace(tmp_path / "log")
    assert log.newest("s", "k") == 1


def test_after_an_error_the_next_one_gets_a_fresh_connection(tmp_path, opened):
    log = EventLog(tmp_path / "log")
    log.append("s", "k", "1", {}, author="Ann", seen=0)
    with pytest.raises(Conflict):
        log.append("s", "k", "1", {}, author="Bob", seen=0)
    assert log.newest("s", "k") == 1
    assert len(opened) == 1


def test_the_newest_of_a_kind_is_looked_up_and_an_item_is_found_without_reading_its_kind(tmp_path):
    log = EventLog(tmp_path / "log")
    with sqlite_file.connected(log.path) as connection:
        said: list[str] = []
        connection.set_trace_callback(said.append)
    log.newest("s", "k")
    log.history("s", "k", "1")
    with sqlite_file.connected(log.path) as connection:
        connection.set_trace_callback(None)
        plans = [" ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {one}")) for one in said[:2]]
    assert "COVERING INDEX event_of_kind (scope=? AND kind=?)" in plans[0]
    assert "(scope=? AND kind=? AND item=?)" in plans[1]
