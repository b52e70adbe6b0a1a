"""Two people deciding about the same queue at the same time, 200 times each: nothing is lost, nothing is overwritten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fac_core.curation.audit import audit
from fac_core.curation.triage import Triage, decisions_of
from fac_core.errors import Conflict
from fac_core.store.events import EventLog

N = 200


def decide_much(path, author: str, seed: int) -> tuple[int, list[str]]:
    """What one person does: look at a gap, take a moment, decide. Returns decisions made and whose stood in the way of the others."""
    triage, rng, made = Triage(EventLog(path), "anchor"), np.random.default_rng(seed), 0
    theirs: list[str] = []
    while made + len(theirs) < N:
        gaps = rng.integers(0, 40, 5).tolist()
        seen = {gap: triage.decision(gap).version for gap in gaps}  # what the screen shows, until it is drawn anew
        for gap in dict.fromkeys(gaps):
            if made + len(theirs) == N:
                break
            try:
                triage.decide(gap, ("target", "later")[rng.integers(2)], author=author, seen=seen[gap])
                made += 1
            except Conflict as conflict:
                theirs.append(conflict.event.author)
    return made, theirs


def test_two_people_and_200_decisions_each_lose_and_overwrite_none(tmp_path):
    path = tmp_path / "workspace.sqlite"
    EventLog(path)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide_much, [path] * 2, ["Ann", "Bob"], [1, 2]))
    triage = Triage(EventLog(path), "anchor")
    history = triage.history()
    assert len(history) == sum(made for made, _ in outcomes)
    assert [made + len(theirs) for made, theirs in outcomes] == [N, N]
    assert "Ann" not in outcomes[0][1]
    assert "Bob" not in outcomes[1][1]
    # Versions of each gap are 1, 2, 3…: every decision was made on top of the one before it.
    for gap in {event.item for event in history}:
        assert [e.version for e in history if e.item == gap] == list(range(1, sum(e.item == gap for e in history) + 1))
    # The log explains every state.
    newest = {row["feature_id"]: row for row in audit(history).to_pylist()[::-1]}
    assert {f: (d.state, d.author) for f, d in decisions_of(history).items()} == {
        f: (row["to"], row["author"]) for f, row in newest.items()
    }
