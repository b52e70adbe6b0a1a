"""Which commit a revision is at: asked for once, until somebody looks again; of a mixture for each of its sets."""

from __future__ import annotations

import subprocess
import sys
from itertools import count
from types import SimpleNamespace

import pytest
from huggingface_hub import HfApi, constants

from fac_core.activations import pipeline
from fac_core.activations.spec import EncodeSpec
from fac_core.datasets.mixtures import pinned_sources
from fac_core.hub import HubName, commit_of, look_again
from fac_core.store.workspace import Workspace
from tests import tiny


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


def test_every_encoding_looks_again(model_of, sae_of, tmp_path, monkeypatch):
    looked = []
    monkeypatch.setattr(pipeline, "look_again", lambda: looked.append(True))
    (tmp_path / "texts.txt").write_text("\n".join(tiny.TEXTS), encoding="utf-8")
    spec = EncodeSpec(model=str(model_of("llama")), sae=str(sae_of("topk")), context=32, dtype="float32")
    for _ in range(2):
        pipeline.encode(tmp_path / "texts.txt", Workspace.create(tmp_path / "w"), spec)
    assert looked == [True, True]


def test_saes_are_named_without_loading_what_reads_them():
    code = "import sys, fac_core.activations.saes.named; sys.exit(bool({'torch', 'sae_lens'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
