"""Triage of gaps: states, reasons, bulk with one undo, and two people at one gap."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fac_core.curation.triage import NEEDS_REASON, Triage, counts
from fac_core.errors import Conflict, WrongUse
from fac_core.store.events import EventLog
from fac_core.store.workspace import Workspace
from tests.runs import make_run


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


def one_source(folder: Path, *runs: str) -> Workspace:
    """A workspace with runs of one source: `part` is a part of it."""
    place = Workspace.create(folder / "w")
    for n, name in enumerate(runs):
        fields = {"source": "broad.jsonl", "in_part": name == "part", "created_at": f"2026-01-01T00:00:0{n}+00:00"}
        make_run(place.run_path(f"id-{name}"), name, [(41, 0, 1.0)], n_samples=1 + n, d_sae=50, **fields).close()
    return place


def test_what_was_decided_on_a_part_holds_for_the_whole_that_takes_its_place(tmp_path):
    part, place = "part", one_source(tmp_path, "part")
    Triage.of(place, place.info(part)).decide(41, "target", author="Ann", seen=0)
    one_source(tmp_path, "part", "whole")
    found = Triage.of(place, place.info("whole"))
    assert found.targets() == (41,)
    found.decide(41, "later", author="Bob", seen=found.decision(41).version)
    assert Triage.of(place, place.info(part)).decision(41).state == "later"
    found.undo(found.last("Bob"), author="Bob")
    assert found.decision(41).state == "target"


def test_two_wholes_of_one_source_share_nothing(tmp_path):
    """A file that was read twice grew since, or another column of it was taken."""
    place = one_source(tmp_path, "whole", "again")
    Triage.of(place, place.info("whole")).decide(41, "later", author="Bob", seen=0)
    assert Triage.of(place, place.info("again")).decisions() == {}


def test_what_was_decided_on_both_before_they_shared_stays_with_each(tmp_path):
    place = one_source(tmp_path, "part", "whole")
    Triage(place.events(), "id-part").decide(41, "target", author="Ann", seen=0)
    Triage(place.events(), "id-whole").decide(41, "later", author="Bob", seen=0)
    found = {name: Triage.of(place, place.info(name)).decision(41).state for name in ("part", "whole")}
    assert found == {"part": "target", "whole": "later"}


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
