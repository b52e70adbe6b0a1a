"""Two people decide about one queue at the same time: none of their decisions is lost, none overwrites the other's.

25 decisions each; `FAC_DECISIONS=200` asks for more. Ann has the keyboard, Bob the mouse.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle
from threading import Barrier

import pytest
from playwright.sync_api import Page, expect

from fac_core.bench.large import SMALL, make_workspace
from fac_core.curation.triage import NEEDS_REASON, State, Triage
from tests.browser.conftest import heading, launched, press, served, settled, visiting

pytestmark = pytest.mark.browser

DECISIONS = int(os.environ.get("FAC_DECISIONS", "25"))
TURNS: tuple[tuple[State, str], ...] = (("target", "a"), ("later", "s"), ("not relevant", "x"), ("target", "a"))
"""What is decided in turn, with its key."""


@dataclass
class Ledger:
    """What one person saw happen."""

    decided: dict[int, State] = field(default_factory=dict)
    refused: list[tuple[int, State]] = field(default_factory=list)
    """What the other had decided first, as the page said."""
    again: int = 0
    """Keys and clicks that nothing came of."""
    seen: int = 0
    """Decided gaps, one's own and the other's, of which the last page told."""


def test_two_people_deciding_at_once_lose_nothing_and_overwrite_nothing(tmp_path):
    workspace = make_workspace(tmp_path / "w", SMALL)
    began = time.monotonic()
    with served(workspace) as server, ThreadPoolExecutor(2) as people:
        both = Barrier(2)
        working = {name: people.submit(work, server, name, both) for name in ("Ann", "Bob")}
        ledgers = {name: future.result() for name, future in working.items()}
    minutes = (time.monotonic() - began) / 60
    triage = Triage(workspace.events(), "anchor")
    states = Counter(decision.state for decision in triage.decisions().values())
    for name, ledger in ledgers.items():
        print(f"{name}: {len(ledger.decided)} decided, {len(ledger.refused)} refused, {ledger.again} tried again")
    print(f"{dict(states)} in {minutes:.1f} minutes")

    ann, bob = ledgers["Ann"], ledgers["Bob"]
    assert not ann.decided.keys() & bob.decided.keys()
    assert all(len(ledger.decided) == DECISIONS for ledger in ledgers.values())
    logged = {(event.author, int(event.item)): event.payload["state"] for event in triage.history()}
    assert logged == {(name, f): state for name, ledger in ledgers.items() for f, state in ledger.decided.items()}
    assert len(triage.history()) == 2 * DECISIONS, "a decision that nobody saw, or one on top of another"
    assert {f: decision.state for f, decision in triage.decisions().items()} == {**ann.decided, **bob.decided}
    for name, other in (("Ann", bob), ("Bob", ann)):
        assert {feature for feature, _ in ledgers[name].refused} <= other.decided.keys()
        assert ledgers[name].seen == 2 * DECISIONS


def work(server: str, name: str, both: Barrier) -> Ledger:
    """Decide about gaps as they come; when both are done, look what the other has decided."""
    ledger = Ledger()
    try:
        with launched() as browser, visiting(browser, server) as visit:
            page = visit("gaps")
            page.get_by_label("Your name").fill(name)
            page.get_by_label("Your name").blur()
            turns = cycle(TURNS)
            while len(ledger.decided) < DECISIONS:
                state, key = next(turns)
                decide(page, ledger, state, key, by_keyboard=name == "Ann")
            both.wait()
            page.reload()
            settled(page)
            said = page.get_by_text(re.compile(r"gaps decided \(")).inner_text()
            ledger.seen = int(said.split()[0].replace(",", ""))
    except BaseException:
        both.abort()  # the other need not wait
        raise
    return ledger


def decide(page: Page, ledger: Ledger, state: State, key: str, *, by_keyboard: bool) -> None:
    """One decision about the gap that the page shows, and what the page said came of it."""
    settled(page)
    before = heading(page).inner_text()
    feature = int(before.split()[1])
    while True:
        act(page, key, state.capitalize(), by_keyboard)
        if state in NEEDS_REASON:
            expect(page.get_by_text(f"Why {state}?")).to_be_visible()
            act(page, "1", "Off topic", by_keyboard)
        warning = page.get_by_test_id("stAlert").filter(has_text="was not recorded")
        told = page.get_by_test_id("stToast").filter(has_text=f"Feature {feature}: {state}.")
        try:
            expect(warning.or_(told).first).to_be_visible(timeout=10_000)
        except AssertionError:
            ledger.again += 1
            assert heading(page).inner_text() == before
            continue
        break
    if warning.count():
        expect(warning).to_contain_text(f"decided feature {feature} after you looked")
        ledger.refused.append((feature, state))
        page.get_by_role("button", name="Keep theirs").click()
        expect(warning).to_have_count(0)
    else:
        ledger.decided[feature] = state
        expect(heading(page)).not_to_have_text(before)


def act(page: Page, key: str, word: str, by_keyboard: bool) -> None:
    if by_keyboard:
        press(page, key)
    else:
        settled(page)
        page.get_by_role("button", name=re.compile(f"^{word}|{word}…?$")).first.click()
