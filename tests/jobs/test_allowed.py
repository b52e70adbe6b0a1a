"""Whoever asks for a job reaches no address and reads no variable that the machine's owner did not allow."""

from __future__ import annotations

import json

import pytest

from fac_core.cli.app import run
from fac_core.errors import BadInput, NotFound, WrongUse
from fac_core.jobs import kinds, warm
from fac_core.jobs.allowed import Allowed, all_allowed, allow, allowed_file, check_allowed, forbid
from fac_core.jobs.kinds import KINDS, Asked, checked
from fac_core.store.workspace import Workspace


def do(kind: str, place: Workspace, **params: object) -> dict:
    return KINDS[kind].run(Asked(place, checked(kind, params), "Mallory", lambda *_: None, warm.Warm()))


@pytest.fixture
def place(tmp_path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def test_a_job_names_no_variable_and_no_server_of_its_own(place, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the worker's own")
    monkeypatch.setattr(kinds.synthesise, "synthesise", lambda *_args, **_more: pytest.fail("it was reached"))
    with pytest.raises(WrongUse, match="key_variable"):
        checked("synthesise", {"key_variable": "AWS_SECRET_ACCESS_KEY"})
    for address in ("http://evil.example/v1", "http://169.254.169.254/latest", "http://localhost:11434/v1"):
        with pytest.raises(WrongUse, match=f"Jobs may not reach {address}.*fac jobs allow NAME {address}"):
            do("synthesise", place, targets=[1], generator=address, model="m")


def test_the_key_of_an_allowed_server_is_the_owner_s_word(place, monkeypatch):
    seen: list[object] = []

    def note(spec, **more):
        seen.append((spec.generator, more["key_variable"]))
        raise WrongUse("enough")

    monkeypatch.setattr(kinds.synthesise, "synthesise", note)
    allow("mine", "https://api.example/v1", "MY_KEY")
    for generator in ("https://api.example/v1", "local"):
        with pytest.raises(WrongUse, match="enough"):
            do("synthesise", place, targets=[1], generator=generator, model="m")
    assert seen == [("https://api.example/v1", "MY_KEY"), ("local", None)]


def test_a_cluster_and_a_store_are_addresses_too(place, tmp_path, monkeypatch):
    texts = tmp_path / "a.txt"
    texts.write_text("a\n")
    reached: list[str] = []
    monkeypatch.setattr(kinds.encode, "encode", lambda *_args, engine, **_more: reached.append(engine.shards) or 1 / 0)
    with pytest.raises(WrongUse, match=r"may not reach ray://evil\.example:10001"):
        do("encode", place, source=str(texts), engine="ray", address="ray://evil.example:10001")
    with pytest.raises(WrongUse, match="may not reach s3://bucket/theirs"):
        do("encode", place, source=str(texts), shards="s3://bucket/theirs")
    assert reached == []
    allow("store", "s3://bucket/fac")
    for shards in ("s3://bucket/fac/run", str(tmp_path / "shards")):
        with pytest.raises(ZeroDivisionError):
            do("encode", place, source=str(texts), shards=shards)
    assert reached == ["s3://bucket/fac/run", str(tmp_path / "shards")]
    with pytest.raises(WrongUse):
        check_allowed("s3://bucket/factory")


def test_the_list_is_kept_outside_of_workspaces_and_edited_by_commands(capsys):
    assert all_allowed() == []
    assert run(["jobs", "allow", 'a "b"', "http://localhost:8000/v1", "--key", "MY_KEY", "--json"]) == 0
    assert run(["jobs", "allow", "ray", "ray://head:10001"]) == 0
    capsys.readouterr()
    assert run(["jobs", "allowed", "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)] == ['a "b"', "ray"]
    allow("ray", "ray://other:10001")
    assert all_allowed() == [
        Allowed('a "b"', "http://localhost:8000/v1", "MY_KEY"),
        Allowed("ray", "ray://other:10001"),
    ]
    assert run(["jobs", "forbid", "ray"]) == 0
    assert len(all_allowed()) == 1
    with pytest.raises(NotFound, match="No address is called 'ray'"):
        forbid("ray")
    allowed_file().write_text("[allowed.x]\nadress = 1\n")
    with pytest.raises(BadInput, match=r"allowed\.toml: field 'allowed\.x\.address': Field required"):
        all_allowed()
