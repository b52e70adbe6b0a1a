"""What is pushed to the hub, and who may see it."""

from __future__ import annotations

import pytest

from fac_core.cli.app import run
from fac_core.errors import WrongUse
from fac_core.export.write import push


def test_pushing_needs_a_token(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    with pytest.raises(WrongUse, match=r"hf auth login.*HF_TOKEN"):
        push(tmp_path, "ann/data")


@pytest.mark.parametrize("private", [True, False])
def test_what_is_pushed_is_private_unless_said(tmp_path, monkeypatch, private):
    done: list[dict[str, object]] = []

    class Hub:
        def __init__(self, token: str) -> None:
            assert token == "of the login"  # noqa: S105

        def create_repo(self, *_positional: object, **said: object) -> None:
            done.append(said)

        upload_folder = create_repo

    monkeypatch.setattr("huggingface_hub.get_token", lambda: "of the login")
    monkeypatch.setattr("huggingface_hub.HfApi", Hub)
    assert push(tmp_path, "ann/data", private=private).endswith("/datasets/ann/data")
    assert done[0]["private"] is private
    assert done[1]["folder_path"] == tmp_path


def test_a_folder_of_save_to_disk_is_not_pushed_and_not_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["export", "b", "-o", "out", "--format", "dataset", "--push", "ann/data"]) == 2
    assert "load_dataset" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
