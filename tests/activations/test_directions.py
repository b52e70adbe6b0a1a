"""Directions are the SAE's own, and their tokens are what the model's unembedding says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from fac_core.activations.directions import decoder_directions, promoted_tokens
from fac_core.activations.sae import load_sae
from fac_core.models.truncated import load_tokenizer
from tests import tiny


def test_directions_have_length_one_and_point_where_the_decoder_does(sae_of):
    sae = load_sae(str(sae_of("topk")))
    directions = decoder_directions(sae)
    assert directions.shape == (tiny.D_SAE, tiny.D_MODEL)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0, rtol=1e-5)
    cosine = (directions * sae.W_dec.numpy()).sum(axis=1) / np.linalg.norm(sae.W_dec.numpy(), axis=1)
    np.testing.assert_allclose(cosine, 1.0, rtol=1e-5)


@pytest.mark.parametrize("family", list(tiny.FAMILIES))
def test_promoted_tokens_are_those_of_the_model_s_own_head(model_of, sae_of, family):
    folder = model_of(family)
    directions = decoder_directions(load_sae(str(sae_of("topk"))))[:4]
    found = promoted_tokens(str(folder), directions, 3)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    base = model.base_model
    norm = getattr(base, "norm", None) or base.final_layer_norm
    gain = 1 + norm.weight if "gemma" in family else norm.weight
    with torch.no_grad():
        logits = (torch.from_numpy(directions) * gain) @ model.get_output_embeddings().weight.T
    tokenizer = load_tokenizer(str(folder))
    best = logits.topk(3, dim=1)
    up, down = found.slice(0, 12), found.slice(12)
    assert set(up["sign"].to_pylist()) == {1}
    assert set(down["sign"].to_pylist()) == {-1}
    assert up["feature_id"].to_pylist() == [feature for feature in range(4) for _ in range(3)]
    assert up["rank"].to_pylist() == [1, 2, 3] * 4
    np.testing.assert_allclose(up["logit"].to_numpy(), best.values.ravel().numpy(), rtol=1e-4, atol=1e-5)
    assert up["token"].to_pylist() == [tokenizer.decode([i]) for i in best.indices.ravel().tolist()]
    worst = logits.topk(3, dim=1, largest=False)
    np.testing.assert_allclose(down["logit"].to_numpy(), worst.values.ravel().numpy(), rtol=1e-4, atol=1e-5)
