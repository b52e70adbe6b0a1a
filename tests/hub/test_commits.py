"""Which commit a revision is at: asked for once, until somebody looks again; of a mixture for each of its sets."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi, constants

from fac_core.datasets.mixtures import pinned_sources
from fac_core.hub import HubName, commit_of, look_again


@pytest.fixture
def moving(monkeypatch, tmp_path):
    """A hub whose every answer is another commit."""
    commits = count()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(HfApi, "repo_info", lambda *_args, **_options: SimpleNamespace(sha=f"{next(commits):040x}"))
    look_again()
    yield
    look_again()


@pytest.mark.usefixtures("moving")
def test_what_was_asked_is_kept_until_somebody_looks_again():
    name = HubName("owner/name")
    first = commit_of(name, "dataset")
    assert commit_of(name, "dataset") == first
    look_again()
    assert commit_of(name, "dataset") != first


@pytest.mark.usefixtures("moving")
def test_every_set_of_a_mixture_that_comes_from_the_hub_has_a_commit(tmp_path):
    (tmp_path / "here.jsonl").write_text("{}")
    mixture = tmp_path / "mixed.toml"
    mixture.write_text(
        'name = "mixed"\n'
        '[[set]]\nname = "far"\npath = "hub:owner/name@v1/en:train"\n'
        '[[set]]\nname = "near"\npath = "here.jsonl"\n'
    )
    assert pinned_sources(str(mixture)) == {"dataset far": f"owner/name@{0:040x}/en:train"}
    assert pinned_sources("owner/name") == {"dataset": f"owner/name@{1:040x}"}
    assert pinned_sources(str(tmp_path / "here.jsonl")) == {}
