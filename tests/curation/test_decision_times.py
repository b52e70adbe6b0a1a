"""Time per decision: from act to act of one person, without breaks, undos, or what was decided at once."""

from __future__ import annotations

from fac_core.curation.decision_times import DecisionTime, decision_times
from fac_core.store.events import Event


def decided(seq: int, author: str, second: int, act: str = "", undoes: int | None = None) -> Event:
    at = f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}+00:00"
    return Event(seq, "b", "review", f"item {seq}", 1, {"act": act or str(seq)}, author, at, undoes)


def test_it_is_the_median_from_one_decision_to_the_next_by_the_same_person():
    history = [decided(n, "Ann", at) for n, at in enumerate((0, 4, 10, 40))]
    history.append(decided(9, "Bob", 12))
    ann, bob = decision_times(history)
    assert ann == DecisionTime("Ann", 4, 3, 6.0)
    assert bob == DecisionTime("Bob", 1, 0, None)


def test_a_break_is_no_time_to_decide():
    (ann,) = decision_times([decided(n, "Ann", at) for n, at in enumerate((0, 5, 2000, 2007))])
    assert (ann.n, ann.timed, ann.seconds) == (4, 2, 6.0)


def test_what_was_decided_at_once_is_one_act_and_an_undo_is_none():
    history = [
        decided(0, "Ann", 0, "bulk"),
        decided(1, "Ann", 0, "bulk"),
        decided(2, "Ann", 3, "bulk", undoes=1),
        decided(3, "Ann", 8),
    ]
    assert decision_times(history) == (DecisionTime("Ann", 2, 1, 8.0),)
