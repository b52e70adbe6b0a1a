"""The event log: nobody overwrites anybody, and everything can be taken back."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter

import pytest

from fac_core.errors import Conflict, RunBroken, WrongUse
from fac_core.store.events import EventLog
from fac_core.store.workspace import Workspace


@pytest.fixture
def log(tmp_path):
    return EventLog(tmp_path / "workspace.sqlite")


def decide(log, item, state, seen, author="Ann"):
    return log.append("run", "triage", item, {"state": state}, author=author, seen=seen)


def states(log):
    return {item: event.payload["state"] for item, event in log.latest("run", "triage").items()}


def test_the_newest_decision_about_an_item_holds(log):
    decide(log, "41", "later", seen=0)
    decide(log, "41", "target", seen=1)
    decide(log, "7", "target", seen=0)
    assert states(log) == {"41": "target", "7": "target"}
    assert [e.version for e in log.history("run", "triage", "41")] == [1, 2]


def test_scopes_and_kinds_are_apart(log):
    decide(log, "41", "target", seen=0)
    log.append("other run", "triage", "41", {"state": "later"}, author="Bob", seen=0)
    log.append("run", "label", "41", {"text": "court"}, author="Bob", seen=0)
    assert states(log) == {"41": "target"}


def test_the_second_of_two_who_saw_the_same_gets_the_decision_of_the_first(log):
    decide(log, "41", "target", seen=0, author="Ann")
    with pytest.raises(Conflict, match="Ann decided triage 41") as caught:
        decide(log, "41", "later", seen=0, author="Bob")
    assert caught.value.event.payload == {"state": "target"}
    assert states(log) == {"41": "target"}
    assert log.version("run", "triage", "41") == 1


def test_a_version_that_there_is_not_was_not_seen(log):
    with pytest.raises(WrongUse, match="no version 3"):
        decide(log, "41", "target", seen=3)


def test_undo_brings_back_what_held_before_and_stays_in_the_history(log):
    decide(log, "41", "later", seen=0)
    second = decide(log, "41", "target", seen=1)
    undone = log.undo(second, author="Bob")
    assert states(log) == {"41": "later"}
    assert (undone.undoes, undone.version, undone.author) == (second.seq, 3, "Bob")
    log.undo(undone, author="Bob")  # redo is the undo of an undo
    assert states(log) == {"41": "target"}


def test_undo_of_a_first_decision_leaves_the_item_undecided(log):
    first = decide(log, "41", "target", seen=0)
    log.undo(first, author="Ann")
    assert states(log) == {}
    decide(log, "41", "later", seen=log.version("run", "triage", "41"))
    assert states(log) == {"41": "later"}


def test_undo_does_not_take_back_what_somebody_decided_since(log):
    first = decide(log, "41", "target", seen=0)
    decide(log, "41", "later", seen=1, author="Bob")
    with pytest.raises(Conflict, match="Bob"):
        log.undo(first, author="Ann")


def test_many_decisions_are_one_transaction_and_one_undo(log):
    decide(log, "1", "later", seen=0)
    events = log.append_many("run", "triage", {str(i): {"state": "target"} for i in range(143)}, author="Ann")
    assert len(events) == 143
    assert Counter(states(log).values()) == {"target": 143}
    decide(log, "5", "not relevant", seen=1, author="Bob")
    assert len(log.undo_many(events, author="Ann")) == 142
    assert states(log) == {"1": "later", "5": "not relevant"}


def test_threads_that_race_lose_nothing_and_skip_no_version(log):
    told = Counter()

    def race(name):
        for _ in range(25):
            try:
                decide(log, "1", name, seen=log.version("run", "triage", "1"), author=name)
                told["stored"] += 1
            except Conflict:
                told["stale"] += 1

    threads = [threading.Thread(target=race, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = [event.version for event in log.history("run", "triage", "1")]
    assert versions == list(range(1, told["stored"] + 1))
    assert told["stored"] + told["stale"] == 100


def test_processes_share_the_log(log):
    code = (
        "import sys; from pathlib import Path; from fac_core.store.events import EventLog\n"
        "log = EventLog(Path(sys.argv[1]))\n"
        "for i in range(20): log.append('run', 'triage', f'{sys.argv[2]}-{i}', {'state': 'target'}, author='p', seen=0)"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(log.path), name]) for name in ("a", "b")]
    assert [process.wait() for process in running] == [0, 0]
    assert len(states(log)) == 40


def test_untrusted_text_comes_back_as_it_went_in(log):
    text = '\'; DROP TABLE event; -- "quoted" \n‏עברית 🙂\x00'
    log.append("run", "label", text, {"text": text}, author=text, seen=0)
    assert log.latest("run", "label")[text].payload == {"text": text}


def test_a_workspace_has_one_log(tmp_path):
    place = Workspace.create(tmp_path / "w")
    decide(place.events(), "41", "target", seen=0)
    assert states(Workspace(tmp_path / "w").events()) == {"41": "target"}


def test_the_newest_event_of_a_kind_grows_with_its_decisions_alone(log):
    assert log.newest("run", "triage") == 0
    first = decide(log, "41", "later", seen=0)
    log.append("run", "label", "41", {"text": "court"}, author="Ann", seen=0)
    assert log.newest("run", "triage") == first.seq
    undone = log.undo(first, author="Ann")
    assert log.newest("run", "triage") == undone.seq


def test_a_file_that_is_no_log_is_one_sentence_with_its_mend(tmp_path):
    (tmp_path / "workspace.sqlite").write_bytes(b"nothing that sqlite made" * 100)
    with pytest.raises(RunBroken, match="`fac restore` brings back a backup"):
        EventLog(tmp_path / "workspace.sqlite")
