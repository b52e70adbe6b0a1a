"""The 8 B shape in small: the measure holds what it says, and the model of random weights is one that encodes."""

from __future__ import annotations

import json

import numpy as np
import torch
from transformers import LlamaConfig, LlamaModel

from fac_core.activations.encoder import Encoder
from fac_core.cli.app import run
from fac_core.lab.bench import big_shape as bench
from fac_core.lab.bench.big_shape import Shape, big_shape, random_model, random_sae, random_texts

SMALL = Shape(blocks=2, d_model=64, heads=4, groups=2, mlp=96, vocabulary=500, k=8)


def test_one_after_another_and_together_are_measured():
    found = big_shape(SMALL, [128, 256], device="cpu", n_texts=5, repeats=1)
    assert list(found["saes"]) == ["128", "256", "together"]
    for measured in found["saes"].values():
        assert measured["tokens_per_second"] > 0
        assert measured["share_of_ceiling"] > 0
    one, other, both = (measured["activations"] for measured in found["saes"].values())
    assert both == one + other > 0
    assert found["peak_memory_gb"]["process"] > 0
    json.dumps(found)


def test_random_weights_are_filled_where_they_lie_and_make_a_llama():
    """As many weights as transformers counts, in bfloat16, finite, and with the angles that a loaded model has."""
    model = random_model(SMALL, device="cpu")
    config: LlamaConfig = model.module.config
    expected = LlamaModel(config)
    assert {k: v.shape for k, v in model.module.named_parameters()} == {
        k: v.shape for k, v in expected.named_parameters()
    }
    assert {p.dtype for p in model.module.parameters() if p.dim() == 2} == {torch.bfloat16}
    for name, buffer in expected.named_buffers():
        assert torch.equal(dict(model.module.named_buffers())[name], buffer)
    h = model.residual(torch.arange(30)[None])
    assert h.isfinite().all()
    assert h.std() > 0.1


def test_every_token_of_a_text_fires_k_latents_at_most():
    sae = random_sae(SMALL, 128, device="cpu")
    tokens = random_texts(3, SMALL.vocabulary)
    encoded = Encoder(random_model(SMALL, device="cpu"), sae)(np.arange(3, dtype=np.uint32), tokens)
    n_content = sum(int(one.content.sum()) for one in tokens)
    assert 0 < len(encoded.activations) <= SMALL.k * n_content


def test_the_command_prints_json(capsys, monkeypatch):
    monkeypatch.setattr(bench, "Shape", lambda blocks: Shape(**{**vars(SMALL), "blocks": blocks}))
    assert run(["lab", "big-shape", "--blocks", "1", "--latents", "64,128", "--texts", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["shape"]["blocks"] == 1
    assert set(found["saes"]) == {"64", "128", "together"}
