"""The log as a table: it explains every state."""

from __future__ import annotations

from fac_core.curation.audit import audit, progress
from fac_core.curation.triage import Triage
from fac_core.store.events import EventLog


def test_the_audit_says_who_did_what_and_from_what_to_what(tmp_path):
    triage = Triage(EventLog(tmp_path / "log.sqlite"), "anchor")
    triage.decide(7, "later", author="Ann", seen=0, note="after lunch")
    triage.decide(7, "not relevant", author="Bob", seen=1, reason="off topic")
    triage.undo(triage.last("Bob"), author="Bob")
    triage.redo(author="Bob")
    rows = audit(triage.history()).to_pylist()[::-1]
    assert [(r["author"], r["action"], r["from"], r["to"], r["reason"]) for r in rows] == [
        ("Ann", "decide", "untriaged", "later", ""),
        ("Bob", "decide", "later", "not relevant", "off topic"),
        ("Bob", "undo", "not relevant", "later", ""),
        ("Bob", "redo", "later", "not relevant", "off topic"),
    ]
    assert rows[-1]["to"] == triage.decision(7).state


def test_progress_counts_the_decisions_that_hold(tmp_path):
    triage = Triage(EventLog(tmp_path / "log.sqlite"), "anchor")
    triage.decide_many([1, 2, 3], "target", author="Ann")
    triage.decide(3, "later", author="Bob", seen=1)
    triage.decide(4, "later", author="Bob", seen=0)
    triage.undo(triage.last("Bob"), author="Bob")
    assert progress(triage.decisions(), [1, 2, 3, 4, 5]) == {"Ann": 2, "Bob": 1}
