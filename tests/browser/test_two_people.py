"""Two people decide about one queue at the same time: none of their decisions is lost, none overwrites the other's.

Ann has the keyboard, Bob the mouse. Mostly each takes what the queue offers, which is not what the other looks at; every
fifth time both open one gap by its number and decide at once. `FAC_DECISIONS=200` asks for more than 10 decisions each;
what came of it is in `artefacts/two-people.json`.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from threading import Barrier, BrokenBarrierError

import pytest
from playwright.sync_api import Locator, Page, expect

import fac_core as fac
from fac_core.curation.triage import NEEDS_REASON, State, Triage
from fac_core.lab.bench.large import SMALL, make_workspace
from tests.browser.conftest import (
    PATIENCE,
    SCREENSHOTS,
    heading,
    launched,
    press,
    screenshot,
    served,
    settled,
    visiting,
)

pytestmark = pytest.mark.browser

DECISIONS = int(os.environ.get("FAC_DECISIONS", "10"))
ALONE = 4
"""Decisions that each takes alone between two meetings at one gap."""
TURNS: tuple[tuple[State, str], ...] = (("target", "a"), ("later", "s"), ("not relevant", "x"))
"""What is decided in turn, with its key."""


@dataclass
class Ledger:
    """What one person saw happen."""

    decided: dict[int, State] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    """What the other had decided first, as the page said."""
    again: int = 0
    """Keys and clicks that nothing came of."""
    seen: int = 0
    """Decided gaps, one's own and the other's, of which the last page told."""


def test_two_people_deciding_at_once_lose_nothing_and_overwrite_nothing(tmp_path):
    workspace = make_workspace(tmp_path / "w", SMALL)
    queue = fac.View.find("seed", "anchor", fac.CALIBRATED, workspace=workspace).gaps()
    last = queue["feature_id"].to_pylist()[::-1]  # where the queue does not come to
    meetings, both = last[: DECISIONS // (ALONE + 1)], Barrier(2, timeout=600)
    began = time.monotonic()
    with served(workspace) as server, ThreadPoolExecutor(2) as people:
        working = {name: people.submit(work, server, name, meetings, both) for name in ("Ann", "Bob")}
        broken = [e for one in working.values() if (e := one.exception()) and not isinstance(e, BrokenBarrierError)]
        assert not broken, broken
        ledgers = {name: future.result() for name, future in working.items()}
    triage = Triage(workspace.events(), "anchor")
    held = {f: decision.state for f, decision in triage.decisions().items()}
    report = {
        "minutes": round((time.monotonic() - began) / 60, 1),
        "people": {n: [len(one.decided), len(one.refused), one.again] for n, one in ledgers.items()},
        "people are": ["decided", "refused, as the other had decided", "tried again"],
        "states": Counter(held.values()),
    }
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    (SCREENSHOTS.parent / "two-people.json").write_text(json.dumps(report, indent=1), encoding="utf-8")

    ann, bob = ledgers["Ann"], ledgers["Bob"]
    assert len(ann.decided) == len(bob.decided) == DECISIONS
    assert not ann.decided.keys() & bob.decided.keys()
    logged = {(event.author, int(event.item)): event.payload["state"] for event in triage.history()}
    assert logged == {(name, f): state for name, ledger in ledgers.items() for f, state in ledger.decided.items()}
    assert len(triage.history()) == 2 * DECISIONS, "a decision that nobody saw, or one on top of another"
    assert held == {**ann.decided, **bob.decided}
    assert set(meetings) <= {*ann.refused, *bob.refused}, "of two who decide at once one is told"
    assert set(ann.refused) <= bob.decided.keys(), "refused is only what the other had decided"
    assert set(bob.refused) <= ann.decided.keys()
    assert ann.seen == bob.seen == 2 * DECISIONS


def work(server: str, name: str, meetings: Sequence[int], both: Barrier) -> Ledger:
    """Decide about gaps as they come, meet, and at the end look what the other has decided."""
    ledger, turns = Ledger(), cycle(TURNS)
    with launched() as browser, visiting(browser, server) as visit:
        page = visit("gaps", name=name)
        try:
            for feature in meetings:
                for _ in range(ALONE):
                    decide(page, ledger, *next(turns), by_keyboard=name == "Ann")
                open_gap(page, str(feature))
                both.wait()
                decide(page, ledger, *next(turns), by_keyboard=name == "Ann")
                both.wait()
                settled(page)
                page.get_by_role("button", name="Back to the queue").click()
                gone(page, feature)
            while len(ledger.decided) < DECISIONS:
                decide(page, ledger, *next(turns), by_keyboard=name == "Ann")
            both.wait()
            page.reload()
            settled(page)
            said = page.get_by_text(re.compile(r"gaps decided \(")).inner_text()
            ledger.seen = int(said.split()[0].replace(",", ""))
        except BaseException:
            screenshot(page, f"two-people-{name}")
            both.abort()  # the other need not wait
            raise
    return ledger


def open_gap(page: Page, feature: str) -> None:
    settled(page)
    queue = page.locator(".st-key-menu_queue summary")
    queue.click()
    page.get_by_label("Gap", exact=True).fill(feature)
    page.get_by_label("Gap", exact=True).press("Enter")
    expect(heading(page)).to_have_text(re.compile(f"^Feature {feature}"))
    queue.click()
    expect(page.get_by_label("Gap", exact=True)).to_be_hidden()


def gone(page: Page, feature: int) -> None:
    expect(page.get_by_role("heading", name=re.compile(rf"^Feature {feature}\b"))).to_have_count(0)
    settled(page)


def decide(page: Page, ledger: Ledger, state: State, key: str, *, by_keyboard: bool) -> None:
    """One decision about the gap that the page shows, and what the page said came of it."""
    expect(page.get_by_text(f"({len(ledger.decided)} by you")).to_be_visible()  # else it still shows what was before
    settled(page)
    page.wait_for_timeout(500)
    settled(page)
    feature = offered(page)
    refused = page.get_by_test_id("stAlert").filter(has_text=f"decided feature {feature} after you looked")
    told = page.get_by_text(f"({len(ledger.decided) + 1} by you")
    why = page.get_by_text(f"Why {state}?")
    done = refused.or_(why if state in NEEDS_REASON else told)
    act(page, ledger, feature, key, state.capitalize(), done, by_keyboard)
    if state in NEEDS_REASON and not refused.count():
        act(page, ledger, feature, "1", "Off topic", refused.or_(told), by_keyboard)
    if refused.count():
        ledger.refused.append(feature)
        page.get_by_role("button", name="Keep theirs").click()
        expect(refused).to_have_count(0)
    else:
        ledger.decided[feature] = state
    if not page.get_by_role("button", name="Back to the queue").count():
        gone(page, feature)


def offered(page: Page) -> int:
    """The gap that the buttons are about: the page is drawn from above, so its heading can still be of the gap before."""
    names = page.locator("[class*=st-key-decide-target-]").get_attribute("class") or ""
    return int(names.split("st-key-decide-target-")[1].split()[0])


def act(page: Page, ledger: Ledger, feature: int, key: str, word: str, outcome: Locator, by_keyboard: bool) -> None:
    """Press a key or a button until the page answers; impatience would decide about the gap that comes next."""
    for _ in range(3):
        assert offered(page) == feature, f"{word}: the page went on without a word"
        if by_keyboard:
            press(page, key)
        else:
            settled(page)
            page.get_by_role("button", name=re.compile(word)).first.click()
        try:
            expect(outcome.first).to_be_visible(timeout=PATIENCE)
        except AssertionError:
            ledger.again += 1
        else:
            return
    raise AssertionError(f"{word}: nothing came of it")
