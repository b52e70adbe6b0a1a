"""People sign in through an OpenID Connect provider, in a browser, and each can do what the owner's file lets them do."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.server import HEALTH, free_port, running
from fac_core.curation.review import Reviews
from fac_core.curation.triage import Triage
from fac_core.lab.bench.large import SMALL, make_workspace
from fac_core.people import people_file
from fac_core.store.workspace import Workspace
from tests.batches import candidate, make_batch
from tests.browser.conftest import PATIENCE, heading, press, screenshot, settled

pytest.importorskip("authlib", reason="signing in takes the extra `sign-in`")
provider_mock = pytest.importorskip("oidc_provider_mock")
pytestmark = pytest.mark.browser

TARGET = re.compile("Target")
PEOPLE = ("vera", "rita", "olga", "mallory")
SECRETS = {"FAC_CLIENT_SECRET": "anything", "FAC_COOKIE_SECRET": "drawn-at-random-by-whoever-owns-the-machine"}


def person(name: str) -> object:
    return provider_mock.User(sub=name, claims={"email": f"{name}@example.org", "email_verified": True})


@pytest.fixture
def shared(tmp_path) -> Iterator[tuple[str, Workspace]]:
    """A dashboard that three people may sign in to, and its workspace."""
    workspace = make_workspace(tmp_path / "w", SMALL)
    make_batch(workspace, [(candidate(feature_id=210), {210: 5.0})], anchor_run_id="anchor", seed_run_id="seed")
    address = f"http://localhost:{(port := free_port())}"
    with provider_mock.run_server_in_thread(user_claims=[person(name) for name in PEOPLE]) as provider:
        metadata = f"http://localhost:{provider.server_port}/.well-known/openid-configuration"
        people_file.set_sign_in(people_file.SignIn(metadata=metadata, client_id="fac", address=address))
        for name, role in (("vera", "viewer"), ("rita", "reviewer"), ("olga", "owner")):
            people_file.admit("email", f"{name}@example.org", role)
        with dashboard(workspace, port):
            yield address, workspace


@contextmanager
def dashboard(workspace: Workspace, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "fac_core", "ui", "-w", str(workspace.folder), f"--port={port}", "--no-browser"]
    with running(command, f"http://localhost:{port}{HEALTH}", env=SECRETS):
        yield


@contextmanager
def signed_in(browser: Browser, address: str, name: str, *, scheme: str = "light") -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    screenshot(settled(page), f"sign-in-{scheme}")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(re.compile(re.escape(address)))
    settled(page)
    yield page
    context.close()


def test_a_viewer_looks_a_reviewer_decides_and_who_is_on_no_list_sees_nothing(browser, shared):
    address, workspace = shared
    triage = Triage(workspace.events(), "anchor")
    with signed_in(browser, address, "mallory") as page:
        expect(page.get_by_role("heading", name="You are not on the list")).to_be_visible()
        page.goto(f"{address}/gaps")
        expect(page.get_by_role("heading", name="You are not on the list")).to_be_visible()
    for scheme in ("light", "dark"):
        with signed_in(browser, address, "vera", scheme=scheme) as page:
            page.goto(f"{address}/gaps")
            expect(heading(page)).to_be_visible()
            expect(page.get_by_text(re.compile("vera@\u2060?example.org, viewer"))).to_be_visible()  # no link to mail
            expect(page.get_by_text("You are a viewer here: deciding about gaps takes a reviewer.")).to_be_visible()
            expect(page.get_by_role("button", name=TARGET)).to_be_disabled()
            screenshot(page, f"gaps-viewer-{scheme}")
            press(page, "a")
            page.goto(f"{address}/review")
            expect(page.get_by_role("button", name="Accept Shortcut")).to_be_disabled()
            expect(
                page.get_by_text("You are a viewer here: deciding about candidates takes a reviewer.")
            ).to_be_visible()
            screenshot(settled(page), f"review-viewer-{scheme}")
            press(page, "a")
    assert Reviews(workspace.events(), "b").history() == ()
    assert triage.history() == ()
    with signed_in(browser, address, "rita") as page:
        page.goto(f"{address}/gaps")
        expect(heading(page)).to_be_visible()
        screenshot(settled(page), "gaps-reviewer-light")
        page.get_by_role("button", name=TARGET).click()
        expect(page.get_by_text(re.compile("Feature .*: target. Undo with Z."))).to_be_visible()
        (event,) = triage.history()
        assert (event.author, event.payload["state"]) == ("rita@example.org", "target")
        page.goto(f"{address}/review")
        expect(page.get_by_role("button", name="Accept Shortcut")).to_be_enabled()
        screenshot(settled(page), "review-reviewer-light")
        page.goto(f"{address}/gaps")
        expect(page.get_by_role("button", name=TARGET)).to_be_enabled()
        people_file.dismiss("rita@example.org")  # while her page is open
        settled(page).get_by_role("button", name=TARGET).click()
        expect(page.get_by_role("heading", name="You are not on the list")).to_be_visible()
    assert triage.history() == (event,)
    with signed_in(browser, address, "vera") as page:
        page.goto(f"{address}/data?dq_source=/etc/passwd")
        expect(page.get_by_text("lies outside of this workspace")).to_be_visible()
        expect(page.get_by_text("root:")).to_have_count(0)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="End Session")).to_be_visible()  # the provider's own
        page.goto(f"{address}/gaps")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(page.get_by_text("Your data")).to_have_count(0)
