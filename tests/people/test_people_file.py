"""Whom the owner lets in: by verified address, domain or group, with the highest role that fits, and nobody else."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run
from fac_core.errors import BadInput, MissingExtra, NotAllowed, NotFound, WrongUse
from fac_core.people import people_file, secrets_file
from fac_core.people.people_file import SignIn, admit, checked_sign_in, dismiss, people, person_of, set_sign_in

ANN = {"sub": "1", "email": "Ann@Example.org", "email_verified": True}
DOOR = {"metadata": "https://login.example.org/x", "client_id": "fac", "address": "https://fac.example.org/"}


@pytest.fixture
def door():
    set_sign_in(SignIn(**DOOR))


def test_somebody_is_let_in_by_address_domain_or_group_with_the_highest_role(door):
    admit("domain", "example.org", "viewer")
    assert (person_of(ANN).name, person_of(ANN).role) == ("ann@example.org", "viewer")
    admit("group", "curators", "reviewer")
    assert person_of({**ANN, "groups": ["staff", "curators"]}).role == "reviewer"
    assert person_of({**ANN, "groups": "curators"}).role == "reviewer"
    admit("email", "ann@example.org", "owner")
    assert person_of(ANN).role == "owner"
    assert person_of({"sub": "77", "groups": ["curators"]}).name == "77"


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "1", "email": "ann@example.org.evil.test", "email_verified": True},
        {"sub": "1", "email": "ann@evil.test@example.com", "email_verified": True},
        {"sub": "1", "email": "ann@sub.example.org", "email_verified": True},
        {"sub": "1", "email": "ann@example.org", "email_verified": False},
        {"sub": "1", "email": "ann@example.org"},
        {"sub": "ann@example.org"},
        {"sub": "1", "preferred_username": "ann@example.org"},
        {"sub": "1", "groups": ["example.org"]},
        {},
    ],
)
def test_nobody_else_is(door, claims):
    admit("domain", "example.org", "viewer")
    admit("email", "ann@example.org", "owner")
    with pytest.raises(NotAllowed, match="not on the list"):
        person_of(claims)


def test_an_address_counts_unverified_only_where_the_owner_says_so(door):
    admit("email", "ann@example.org", "viewer")
    set_sign_in(SignIn(**DOOR, trusts_email=True))
    assert person_of({"sub": "1", "email": "ann@example.org"}).role == "viewer"
    with pytest.raises(NotAllowed):
        person_of({"sub": "1", "email": "ann@example.org", "email_verified": False})


def test_whoever_is_dismissed_is_out_at_once(door):
    admit("email", "ann@example.org", "viewer")
    person_of(ANN)
    dismiss("ann@example.org")
    with pytest.raises(NotAllowed):
        person_of(ANN)
    with pytest.raises(NotFound, match="fac jobs people"):
        dismiss("ann@example.org")


def test_signing_in_travels_encrypted_but_on_one_machine():
    for address in ("http://fac.example.org", "ftp://x", "fac.example.org"):
        with pytest.raises(WrongUse, match=r"address: .*https"):
            checked_sign_in(**{**DOOR, "address": address})
    checked_sign_in(**{**DOOR, "address": "http://localhost:8501"})


def test_a_file_that_says_nonsense_lets_nobody_in_and_says_where(door):
    path = people_file.people_file()
    path.write_text(path.read_text() + '\n[[person]]\nemail = "a@b"\ndomain = "b"\nrole = "owner"\n')
    with pytest.raises(BadInput, match=r"people.toml.*one of email, domain and group"):
        people()


def test_the_file_is_written_and_read_by_commands_and_keeps_what_the_owner_set(door, capsys):
    set_sign_in(SignIn(**DOOR, hours=2, trusts_email=True))
    assert run(["jobs", "admit", "curators", "--group", "--role", "reviewer", "--json"]) == 0
    assert run(["jobs", "admit", "x", "--role", "king"]) == 2
    capsys.readouterr()
    assert run(["jobs", "people", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["person"] == [{"by": "group", "who": "curators", "role": "reviewer"}]
    assert (said["sign_in"]["hours"], said["sign_in"]["trusts_email"]) == (2, True)
    assert run(["jobs", "dismiss", "curators"]) == 0
    assert run(["jobs", "sign-in", "--end"]) == 0
    assert people() == people_file.People()
    assert run(["jobs", "sign-in", DOOR["metadata"], "fac"]) == 2  # without an address


def test_secrets_come_from_the_environment_and_are_gone_with_the_server(monkeypatch):
    monkeypatch.setattr(secrets_file.importlib.util, "find_spec", lambda _: object())
    door = SignIn(**DOOR)
    with pytest.raises(WrongUse, match=r"\$FAC_COOKIE_SECRET is not set"), secrets_file.secrets_file(door):
        pass
    monkeypatch.setenv("FAC_COOKIE_SECRET", "short")
    with pytest.raises(WrongUse, match="32 or more"), secrets_file.secrets_file(door):
        pass
    monkeypatch.setenv("FAC_COOKIE_SECRET", "c" * 32)
    monkeypatch.setenv("FAC_CLIENT_SECRET", "s")
    with secrets_file.secrets_file(door) as path:
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
        assert 'redirect_uri = "https://fac.example.org/oauth2callback"' in path.read_text()
    assert not path.parent.exists()
    monkeypatch.setattr(secrets_file.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match="sign-in"), secrets_file.secrets_file(door):
        pass


def test_other_addresses_are_refused_without_people(capsys, monkeypatch):
    monkeypatch.setattr("subprocess.run", lambda *_a, **_k: pytest.fail("a server was started"))
    assert run(["ui", "--address", "0.0.0.0", "--no-browser"]) == 2  # noqa: S104
    assert "Let people sign in" in capsys.readouterr().err
