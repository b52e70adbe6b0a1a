"""Who signed in reaches files of the workspace and no other, by whatever name."""

from __future__ import annotations

import os
import time

import pytest

from fac_core.errors import NotAllowed
from fac_core.jobs.control import submit_job
from fac_core.people.acting import Acting
from fac_core.people.people_file import SignIn, admit, set_sign_in
from fac_core.people.place import confined
from fac_core.store.uploads import keep_upload
from fac_core.store.workspace import Workspace
from tests.runs import make_run


@pytest.fixture
def place(tmp_path, monkeypatch) -> Workspace:
    """A workspace beside a secret, seen from the folder of both, by an owner who signed in from elsewhere."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "notes.txt").write_text("secret")
    monkeypatch.chdir(tmp_path)
    set_sign_in(SignIn(metadata="https://x", client_id="fac", address="https://y"))
    admit("email", "olga@example.org", "owner")
    inside = Workspace.create(tmp_path / "w")
    (inside.folder / "here.jsonl").write_text('{"text": "a"}')
    (inside.folder / "mix.toml").write_text('name = "m"\n[[set]]\nname = "s"\npath = "/etc/passwd"')
    (inside.folder / "link.txt").symlink_to(tmp_path / "secrets" / "notes.txt")
    (inside.folder / "deep").mkdir()
    (inside.folder / "deep" / "link").symlink_to(tmp_path / "secrets")
    return inside.by(Acting({"sub": "o", "email": "olga@example.org", "email_verified": True}, time.time() + 60))


OUTSIDE = (
    "/etc/passwd",
    "~/.ssh/id_rsa",
    "../secrets/notes.txt",
    "secrets/notes.txt",
    "uploads/../../secrets/notes.txt",
    "link.txt",
    "deep",
    "hub:../secrets/notes.txt",
    "hub:/etc/passwd",
    "..\\secrets\\notes.txt",
    "mix.toml",
    "/",
    ".",
    "..",
)


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_out_of_the_workspace(place, name):
    with pytest.raises(NotAllowed):
        place.place(name)
    with pytest.raises(NotAllowed):
        submit_job("encode", {"source": name}, author="olga@example.org", workspace=place)
    assert place.events().head()[0] == 0


@pytest.mark.parametrize("field", ["model", "sae", "shards"])
def test_nor_does_any_other_parameter(place, field):
    given = {"source": "here.jsonl", field: "/etc/passwd"}
    with pytest.raises(NotAllowed):
        submit_job("encode", given, author="olga@example.org", workspace=place)
    with pytest.raises(NotAllowed):
        submit_job("synthesise", {"targets": [1], "model": "/etc"}, author="olga@example.org", workspace=place)
    with pytest.raises(NotAllowed):
        submit_job("relevance", {"task": "/etc/x.toml"}, author="olga@example.org", workspace=place)


def test_what_lies_inside_and_what_the_hub_has_is_reached(place):
    assert place.place("here.jsonl") == str(place.folder / "here.jsonl")
    assert place.place("hub:owner/name") == "hub:owner/name"
    sent = keep_upload(place, "../../etc/passwd", b"mine")
    assert place.place(str(sent)) == str(sent)
    job = submit_job("encode", {"source": "here.jsonl"}, author="olga@example.org", workspace=place)
    assert (job.params["source"], job.asked_by) == (str(place.folder / "here.jsonl"), "olga@example.org")


def test_a_model_that_a_run_was_made_with_is_known(place, tmp_path):
    make_run(place.run_path("r"), "r", [(0, 0, 1.0)], 1, 4, run_id="r").close()
    (model,) = {info.model for info in place.runs()}
    (tmp_path / model).mkdir(parents=True)  # as seen from here, a folder outside
    given = {"source": "here.jsonl", "model": model}
    assert submit_job("encode", given, author="olga@example.org", workspace=place).state == "queued"


@pytest.mark.parametrize("name", ["/etc", "runs", "../elsewhere", "exports/../runs/x", "w"])
def test_an_export_goes_below_exports(place, name):
    if name in ("runs", "w"):  # relative: below exports
        assert place.place(name, "exports") == os.path.join(place.folder, "exports", name)  # noqa: PTH118
        return
    with pytest.raises(NotAllowed):
        place.place(str(place.folder / name), "exports")


def test_whoever_owns_the_machine_reaches_all(place):
    assert Workspace(place.folder).place("/etc/passwd") == "/etc/passwd"


def test_a_split_is_as_far_as_its_folder(tmp_path, monkeypatch):
    workspace = tmp_path / "w"
    (workspace / "mine").mkdir(parents=True)
    (tmp_path / "theirs").mkdir()
    monkeypatch.chdir(tmp_path)
    assert confined("mine:test", workspace) == f"{(workspace / 'mine').resolve()}:test"
    for name in ("..:train", "x/../..:train", "theirs:train", f"{tmp_path}:train", "hub:..:train"):
        with pytest.raises(NotAllowed):
            confined(name, workspace)
