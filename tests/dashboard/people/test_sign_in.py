"""What a person at this machine, and one who signed in, can do on the pages; the door of a server that others reach."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import sign_in
from fac_core.curation.triage import Triage
from fac_core.people.acting import Acting
from fac_core.people.people_file import SignIn, admit, people, set_sign_in
from tests.dashboard.conftest import APP

DOOR = {"metadata": "https://login.example.org/x", "client_id": "fac", "address": "https://fac.example.org"}


@pytest.fixture
def as_role(page, monkeypatch):
    """`as_role("viewer", "gaps")`: a page for somebody who signed in with that role."""

    def opened(role: str, name: str) -> AppTest:
        set_sign_in(SignIn(**DOOR))
        admit("email", "vera@example.org", role)
        claims = {"sub": "1", "email": "vera@example.org", "email_verified": True}
        acting = Acting(claims, time.time() + 600)

        def gate() -> Acting:
            sign_in.st.session_state["acting"] = acting
            return acting

        monkeypatch.setattr(sign_in, "gate", gate)
        return page(name)

    return opened


def test_who_has_no_name_is_asked_for_one_and_decides_nothing(workspace, page):
    app = page("gaps", author="")
    assert any("Say your name first" in caption.value for caption in app.caption)
    targets = [button for button in app.button if button.label == "Target"]
    assert targets
    assert all(button.disabled and "Say your name first" in button.help for button in targets)
    app.text_input(key="author").set_value("Ann").run()
    next(button for button in app.button if button.label == "Target").click().run()
    (event,) = Triage(workspace.events(), "id-anchor").history()
    assert event.author == "Ann"


@pytest.mark.parametrize("name", ["gaps", "overview"])
def test_a_viewer_sees_the_page_and_why_its_buttons_rest(workspace, as_role, name):
    app = as_role("viewer", name)
    assert any(", viewer" in caption.value for caption in app.caption)
    assert any("takes a reviewer" in caption.value for caption in app.caption)
    deciding = [b for b in app.button if b.label.startswith(("Target", "Not relevant", "Label wrong", "Later"))]
    assert deciding
    assert all(button.disabled for button in deciding)


def test_a_reviewer_decides_under_the_address_that_was_verified(workspace, as_role):
    app = as_role("reviewer", "gaps")
    next(button for button in app.button if button.label == "Target").click().run()
    (event,) = Triage(workspace.events(), "id-anchor").history()
    assert event.author == "vera@example.org"


def test_an_owner_from_elsewhere_reads_no_file_of_the_machine(workspace, as_role, tmp_path):
    app = as_role("owner", "data")
    app.text_input(key="dq_source").set_value("/etc/passwd").run()
    assert any("lies outside of this workspace" in error.value for error in app.error)
    assert not any("root" in str(table.value) for table in app.dataframe)


def test_a_server_that_others_reach_shows_nothing_while_nobody_signs_in(workspace, monkeypatch):
    config.set_option("server.address", "0.0.0.0")  # noqa: S104
    try:
        app = AppTest.from_file(APP, default_timeout=60).run()
        assert [title.value for title in app.title] == ["Who may come in?"]
        monkeypatch.setenv(sign_in.OPEN_VARIABLE, "1")
        app = AppTest.from_file(APP, default_timeout=60).run()
        assert "Who may come in?" not in [title.value for title in app.title]
    finally:
        config.set_option("server.address", "127.0.0.1")


def test_people_without_a_way_to_sign_in_are_let_in_by_nobody(workspace):
    set_sign_in(SignIn(**DOOR))
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert [title.value for title in app.title] == ["Sign-in is not set up"]


def test_a_session_ends_by_age_and_by_idleness_also_after_a_reload(monkeypatch):
    set_sign_in(SignIn(**DOOR, hours=1, idle_minutes=10))
    rules, now, seen = people().sign_in, [1_000_000.0], {}
    monkeypatch.setattr(sign_in.time, "time", lambda: now[0])
    monkeypatch.setattr(sign_in, "_sessions", lambda: seen)
    claims = {"sub": "1", "iat": 1_000_000}
    assert sign_in._session_end(claims, rules) == now[0] + 600
    now[0] += 599
    assert sign_in._session_end(claims, rules) > now[0]
    now[0] += 601
    assert sign_in._session_end(claims, rules) < now[0]
    assert sign_in._session_end(claims, rules) < now[0], "a reload does not bring it back"
    fresh = {"sub": "1", "iat": now[0]}
    assert sign_in._session_end(fresh, rules) > now[0]
    seen.clear()
    now[0] += 3601
    assert sign_in._session_end(fresh, rules) < now[0]


def test_pages_open_the_workspace_in_one_place_so_that_nobody_writes_as_the_machine_s_owner():
    """A page that opened a workspace of its own would write as nobody in particular, past every role."""
    folder = Path(dashboard.__file__).parent
    opening = re.compile(r"Workspace\(|Workspace\.(at|find|create)\(|EventLog\(")
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*.py") if opening.search(p.read_text())}
    assert found <= {"pickers/workspace.py", "latency.py", "load/__main__.py"}
