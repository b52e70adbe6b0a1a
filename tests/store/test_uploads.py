"""Uploads are kept by content, under a name that can do no harm."""

from __future__ import annotations

import pytest

from fac_core.store.uploads import keep_upload
from fac_core.store.workspace import Workspace


@pytest.fixture
def place(tmp_path) -> Workspace:
    return Workspace.create(tmp_path / "w")


def test_the_same_file_twice_is_kept_once(place):
    first = keep_upload(place, "a.jsonl", b"one")
    assert keep_upload(place, "a.jsonl", b"one") == first
    assert keep_upload(place, "a.jsonl", b"two") != first
    assert first.read_bytes() == b"one"
    assert not list(place.folder.rglob("*.building"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\me\\my texts.csv", "my-texts.csv"),
        (".hidden.jsonl", "hidden.jsonl"),
        ("..", "upload"),
        ("x" * 300 + ".jsonl", "x" * 94 + ".jsonl"),
    ],
)
def test_a_name_leads_nowhere_else(place, name, kept):
    path = keep_upload(place, name, b"one")
    assert path.name == kept
    assert path.parent.parent == place.folder / "uploads"
