"""The dashboard in a real browser, on a small made-up workspace. `make browser` finds or installs Chromium."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

import dashboard
from dashboard.server import HEALTH, free_port, running
from fac_core.lab.bench.large import SMALL, make_workspace
from fac_core.store.workspace import ENVIRONMENT_VARIABLE, Workspace
from tests.checkout import ROOT

APP = Path(dashboard.__file__).with_name("app.py")
SCREENSHOTS = ROOT / "artefacts" / "screenshots"
PATIENCE = 60_000
"""Milliseconds: CI machines are slow, and nothing here is about speed."""


@pytest.fixture(scope="session")
def workspace(tmp_path_factory) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("browser") / "w", SMALL)


@pytest.fixture(scope="module")
def server(workspace) -> Iterator[str]:
    """The address of the dashboard on the workspace of a module: the one above, or its own fixture of that name."""
    with served(workspace) as address:
        yield address


@contextmanager
def served(workspace: Workspace) -> Iterator[str]:
    """A dashboard on a workspace, for as long as the context lasts."""
    address = f"http://localhost:{(port := free_port())}"
    command = [sys.executable, "-m", "streamlit", "run", str(APP), f"--server.port={port}", "--server.headless=true"]
    with running(command, f"{address}{HEALTH}", env={ENVIRONMENT_VARIABLE: str(workspace.folder)}):
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as found:
        yield found


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium. It belongs to the thread that asked for it."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    path = os.environ.get("CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)
    assert path, "No Chromium here. `make browser` installs one on Debian; elsewhere set CHROMIUM to its path."
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, server) -> Iterator[Callable[..., Page]]:
    """`visit("gaps?gq_view=all", width=390)`: a page in a browser context of its own, which knows its person's name."""
    with visiting(browser, server) as opened:
        yield opened


@contextmanager
def visiting(browser: Browser, server: str) -> Iterator[Callable[..., Page]]:
    """The function that `visit` is, for a server of one's own."""
    contexts = []

    def opened(link: str = "", *, width: int = 1280, scheme: str = "light", name: str = "Ann") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": "fac_name", "value": name, "url": server}])
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{server}/{link}")
        settled(page)
        return page

    yield opened
    for context in contexts:
        context.close()


def settled(page: Page) -> Page:
    """Wait until the script has run to its end and every widget has come; what a click asks for begins a moment later."""
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_selector("[data-testid=stMain] [data-testid=stVerticalBlock]")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    return page


def press(page: Page, key: str) -> None:
    """A person presses what a page that stands still offers: a shortcut listens a moment after its button is drawn."""
    settled(page)
    page.wait_for_timeout(1500)
    page.keyboard.press(key)


def heading(page: Page) -> Locator:
    """The name of the feature that is looked at."""
    return page.get_by_role("heading", name=re.compile(r"^Feature \d+"))


_CONTROLS = ", ".join(
    f"[data-testid=st{kind}]"
    for kind in (
        "Button", "DownloadButton", "FormSubmitButton", "ButtonGroup", "Selectbox", "MultiSelect", "TextInput", "TextArea",
        "NumberInput", "DateInput", "Checkbox", "Radio", "Slider", "FileUploader", "Pagination",
    )
)  # fmt: skip
_IN_SIGHT = """which => [...document.querySelectorAll('[data-testid=stMain] :is(' + which + ')')].filter(e => {
    const box = e.getBoundingClientRect()
    return box.width && box.height && box.top < innerHeight && box.bottom > 0
        && e.checkVisibility({visibilityProperty: true, opacityProperty: true})
}).map(e => e.dataset.testid + ' ' + (e.innerText || e.querySelector('input')?.placeholder || '').replace(/\\n/g, ' '))"""


FEW = 5
"""Controls that a page shows before *more*."""


def controls_in_sight(page: Page) -> list[str]:
    """What a stranger could press, choose or type into on the screen as it stands, beside menu and sidebar.

    A row of choices is one control, and so is each decision in the bar at the foot. What opens a menu, a fold or a tab is
    *more*, and none; links lead on, and are none either.
    """
    return page.evaluate(_IN_SIGHT, _CONTROLS)


def screenshot(page: Page, name: str) -> None:
    """Kept as an artefact; never compared."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
