"""How long a person waits, in Chromium: `python -m tests.browser.in_chromium WORKSPACE`, on a quiet machine.

A copy of the workspace gets a made-up batch of candidates, and `fac ui` is started on it. Timed are the first heading of the first
page of a server that has just begun to answer; from a click in the menu to that page drawn whole; and from the key of a decision
to the next gap or candidate. It is no test: what it prints is for docs/scaling.md. The last line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from dashboard.server import HEALTH, free_port, running
from fac_core.coverage.definition import CALIBRATED
from fac_core.lab.bench.large_batch import write_batch
from fac_core.store.workspace import Workspace
from fac_core.view import View
from tests.browser.conftest import launched, settled

PAGES = ("overview", "map", "features", "gaps", "synthesis", "review", "export", "compare", "data")
ROUNDS = 5
DECISIONS = 20
_DRAWN = """() => document.querySelector('[data-testid=stApp][data-test-script-state=notRunning]')
    && !document.querySelector('[data-testid=stSkeleton]') && !document.querySelector('[data-stale=true]')"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        workspace = Workspace(shutil.copytree(given.workspace, Path(folder) / "copy"))
        write_batch(View.find(workspace=workspace).counted(CALIBRATED), 200)
        address = f"http://localhost:{(port := free_port())}"
        command = [Path(sys.executable).with_name("fac"), "ui", "-w", workspace.folder, "--port", str(port)]
        with running(command, f"{address}{HEALTH}"):
            cold, warm = (first_heading(browser, address) for _ in range(2))
            page = came(browser, address)
            switches = [(name, switch(page, name)) for _ in range(ROUNDS) for name in PAGES]
            decisions = {where: decide(page, address, where) for where in ("gaps", "review")}
    again = switches[len(PAGES) :]
    slowest = max(again, key=lambda one: one[1])
    found = {
        "first heading, s": {"cold": cold, "warm": warm},
        "first switch to each page, s": dict(switches[: len(PAGES)]),
        "switch, s": {**summed([spent for _, spent in again]), "slowest": slowest[0]},
        **{f"decision on {where}, s": summed(spent) for where, spent in decisions.items()},
    }
    sys.stdout.write(json.dumps(found) + "\n")


def came(browser: Browser, address: str) -> Page:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.add_cookies([{"name": "fac_name", "value": "Ann", "url": address}])
    page = context.new_page()
    page.goto(address)
    return settled(page)


def first_heading(browser: Browser, address: str) -> float:
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()

    def come() -> None:
        page.goto(address, wait_until="commit")
        page.get_by_test_id("stHeading").first.wait_for()

    return timed(come)


def switch(page: Page, name: str) -> float:
    """To a page by the menu, until it is drawn whole."""
    settled(page)
    link = page.get_by_role("link", name=name.capitalize(), exact=True).first

    def go() -> None:
        link.click()
        page.wait_for_url(re.compile(rf"/{name}\b" if name != "overview" else r"(/overview|/)(\?|$)"))
        page.wait_for_function(_DRAWN)

    return timed(go)


def decide(page: Page, address: str, where: str) -> list[float]:
    """Press `S` (later, skip) and wait for another one to come up."""
    page.goto(f"{address}/{where}")
    settled(page)
    buttons = "[class*=st-key-decide-later-]" if where == "gaps" else "[class*=st-key-rv_skipped_]"
    spent = []
    for _ in range(DECISIONS):
        settled(page)
        page.wait_for_timeout(1500)  # a shortcut listens a moment after its button is drawn
        before = page.locator(buttons).first.get_attribute("class")

        def press(before: str | None = before) -> None:
            page.keyboard.press("s")
            page.wait_for_function(
                "([css, old]) => { const now = document.querySelector(css); return now && now.className !== old }",
                arg=[buttons, before],
            )

        spent.append(timed(press))
    return spent


def timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return round(time.perf_counter() - began, 3)


def summed(spent: list[float]) -> dict[str, float]:
    ordered = sorted(spent)
    return {
        "n": len(spent),
        "p50": ordered[len(ordered) // 2],
        "p95": ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))],
        "most": ordered[-1],
    }


if __name__ == "__main__":
    main()
