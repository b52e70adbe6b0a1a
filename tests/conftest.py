"""Shared fixtures: tiny models and SAEs, made once a session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests import tiny

torch.set_num_threads(1)  # tiny tensors: more threads only get in each other's way


@pytest.fixture(scope="session")
def model_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`model_of("llama")` is the folder of a tiny random model of that family."""
    root = tmp_path_factory.mktemp("models")

    def folder(family: str) -> Path:
        path = root / family
        return path if path.exists() else tiny.save_model(path, family)

    return folder


@pytest.fixture(scope="session")
def sae_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`sae_of("topk")` is the folder of a tiny random SAE; options go to sae-lens."""
    root = tmp_path_factory.mktemp("saes")

    def folder(architecture: str, **options: object) -> Path:
        key = "-".join([architecture, *(f"{k}={v}" for k, v in sorted(options.items()))])
        path = root / key
        return path if path.exists() else tiny.save_sae(path, architecture, **options)

    return folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """No test reads or writes the user's cache, except those that need the embedded models."""
    if "weights" not in request.keywords:
        monkeypatch.setenv("FAC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FAC_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
