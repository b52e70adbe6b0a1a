"""Triage of gaps: states, reasons, bulk with one undo, and two people at one gap."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fac_core.curation.triage import NEEDS_REASON, Triage, counts
from fac_core.errors import Conflict, WrongUse
from fac_core.store.events import EventLog


@pytest.fixture
def log(tmp_path):
    return EventLog(tmp_path / "workspace.sqlite")


@pytest.fixture
def triage(log):
    return Triage(log, "anchor")


def test_a_gap_is_untriaged_until_somebody_decides(triage):
    assert triage.decision(41).state == "untriaged"
    triage.decide(41, "target", author="Ann", seen=0, reason="users ask for it", note="see ticket")
    decision = triage.decision(41)
    assert (decision.state, decision.reason, decision.author, decision.version) == (
        "target",
        "users ask for it",
        "Ann",
        1,
    )
    assert triage.targets() == (41,)
    assert counts(triage.decisions(), [41, 42]) == {
        "untriaged": 1,
        "target": 1,
        "not relevant": 0,
        "label wrong": 0,
        "later": 0,
    }


def test_decisions_belong_to_an_anchor(log, triage):
    triage.decide(41, "target", author="Ann", seen=0)
    assert Triage(log, "another anchor").targets() == ()


def test_the_second_of_two_people_sees_the_first_one_s_decision(triage):
    triage.decide(41, "target", author="Ann", seen=0)
    with pytest.raises(Conflict, match="Ann") as caught:
        triage.decide(41, "later", author="Bob", seen=0)
    assert caught.value.event.payload["state"] == "target"


@pytest.mark.parametrize(("state", "reason"), [("approved", ""), ("target", "off topic"), ("untriaged", "off topic")])
def test_unknown_states_and_reasons_of_another_state_are_refused(triage, state, reason):
    with pytest.raises(WrongUse, match="choose one of"):
        triage.decide(41, state, author="Ann", seen=0, reason=reason)
    assert triage.decisions() == {}


def test_a_bulk_decision_is_one_undo_also_after_a_reload(log, triage):
    triage.decide(7, "later", author="Ann", seen=0)
    triage.decide_many(range(143), "target", author="Ann")
    reloaded = Triage(log, "anchor")
    assert len(reloaded.last("Ann")) == 143
    reloaded.undo(reloaded.last("Ann"), author="Ann")
    assert {f: d.state for f, d in reloaded.decisions().items()} == {7: "later"}
    reloaded.undo(reloaded.last("Ann"), author="Ann")
    assert reloaded.decisions() == {}
    assert reloaded.last("Ann") == []


def test_undo_is_one_s_own(triage):
    triage.decide(1, "target", author="Ann", seen=0)
    triage.decide(2, "target", author="Bob", seen=0)
    assert [event.item for event in triage.last("Ann")] == ["1"]


@pytest.mark.parametrize("state", NEEDS_REASON)
def test_what_takes_a_gap_away_needs_a_reason(triage, state):
    with pytest.raises(WrongUse, match="needs a reason; choose one of"):
        triage.decide(1, state, author="Ann", seen=0)
    with pytest.raises(WrongUse, match="needs a reason"):
        triage.decide_many([1, 2], state, author="Ann")
    assert triage.decisions() == {}


def test_two_decisions_in_one_second_are_two_undos(triage):
    triage.decide(1, "target", author="Ann", seen=0)
    triage.decide(2, "target", author="Ann", seen=0)
    triage.undo(triage.last("Ann"), author="Ann")
    assert triage.targets() == (1,)


def test_redo_works_from_another_session_until_one_decides_anew(log, triage):
    triage.decide_many([1, 2], "target", author="Ann")
    triage.undo(triage.last("Ann"), author="Ann")
    assert len(Triage(log, "anchor").redo(author="Ann")) == 2
    assert triage.targets() == (1, 2)
    assert triage.redo(author="Ann") == []
    triage.undo(triage.last("Ann"), author="Ann")
    triage.decide(3, "later", author="Ann", seen=0)
    assert triage.redo(author="Ann") == []
    assert triage.redo(author="Bob") == []


def test_what_was_redone_can_be_undone_again(triage):
    triage.decide(1, "target", author="Ann", seen=0)
    for _ in range(3):
        triage.undo(triage.last("Ann"), author="Ann")
        assert triage.targets() == ()
        triage.redo(author="Ann")
        assert triage.targets() == (1,)


def test_a_bulk_decision_leaves_what_somebody_decided_after_it_was_looked_at(triage):
    triage.decide(1, "later", author="Bob", seen=0)
    events = triage.decide_many([1, 2], "target", author="Ann", seen={})
    assert [event.item for event in events] == ["2"]
    assert triage.decision(1).author == "Bob"
    assert len(triage.decide_many([1, 2], "target", author="Ann", seen={1: 1, 2: 1})) == 2


def test_redo_is_the_undo_of_an_undo(triage):
    events = triage.decide_many([1, 2], "target", author="Ann")
    undone = triage.undo(events, author="Ann")
    assert triage.targets() == ()
    triage.undo(undone, author="Ann")
    assert triage.targets() == (1, 2)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["target", "later", "not relevant"])), max_size=12))
def test_undoing_everything_leads_back_to_the_start(tmp_path_factory, acts):
    triage = Triage(EventLog(tmp_path_factory.mktemp("w") / "log.sqlite"), "anchor")
    for feature, state in acts:
        reason = "off topic" if state in NEEDS_REASON else ""
        triage.decide(feature, state, author="Ann", seen=triage.decision(feature).version, reason=reason)
    held = triage.decisions()
    undone = 0
    while last := triage.last("Ann"):
        assert triage.undo(last, author="Ann")
        undone += 1
    assert undone == len(acts)
    assert triage.decisions() == {}
    while triage.redo(author="Ann"):
        undone -= 1
    assert undone == 0
    assert stripped(triage.decisions()) == stripped(held)


def stripped(decisions):
    return {f: (d.state, d.reason, d.note) for f, d in decisions.items()}
