"""One pass over texts sees what the separate ones see; dictionaries of nothing are of the width and k that they say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fac_core.activations.sae import load_sae
from fac_core.lab.sets.predictors.dictionaries import principal_dictionary, random_dictionary
from fac_core.lab.sets.predictors.reading import PCA, RANDOM, SAE, Reader
from fac_core.lab.tasks.hidden_states import Passage, States
from tests.tiny import D_MODEL, D_SAE, TEXTS


@pytest.fixture
def reader(model_of, sae_of, tmp_path) -> Reader:
    return Reader(str(model_of("llama")), 3, str(sae_of("topk")), tmp_path, context=64, dtype="float32")


def test_states_are_those_of_the_head_and_features_those_of_the_sae(reader, tmp_path):
    found = reader.read(TEXTS)
    states = States(reader.model, 3, tmp_path / "other", context=64).of([Passage(t) for t in TEXTS])
    assert found.states == pytest.approx(states, abs=0.02)
    assert found.fired[SAE].shape == found.fired[RANDOM].shape == (len(TEXTS), D_SAE)
    assert found.fired[PCA].shape[1] <= 2 * D_MODEL
    one = reader.read(TEXTS[:1])
    assert one.fired[SAE].toarray() == pytest.approx(found.fired[SAE].toarray()[:1], abs=1e-4)


def test_a_text_of_one_token_has_one_state_however_it_is_weighted_and_later_tokens_weigh_more(reader):
    found = reader.read(["a", TEXTS[5]])
    assert found.n_tokens[0] == 1
    assert found.weighted[0] == pytest.approx(found.states[0])
    assert not np.allclose(found.weighted[1], found.states[1], atol=0.01)


def test_what_was_read_is_not_read_again(reader, monkeypatch):
    first = reader.read(TEXTS)
    monkeypatch.setattr("fac_core.lab.sets.predictors.reading.TruncatedModel", None)  # calling it would fail
    again = reader.read(TEXTS)
    assert np.array_equal(first.states, again.states)
    assert (first.fired[PCA] != again.fired[PCA]).nnz == 0


def test_a_random_dictionary_has_unit_directions_about_the_centre_and_the_k_of_the_sae(sae_of):
    sae, centre = load_sae(str(sae_of("topk"))), torch.arange(D_MODEL, dtype=torch.float32)
    made = random_dictionary(sae, centre)
    assert (made.d_sae, made.k, made.n_blocks) == (sae.d_sae, sae.k, sae.n_blocks)
    assert made.W.norm(dim=0) == pytest.approx(torch.ones(D_SAE))
    assert (centre @ made.W + made.b).abs().max() < 1e-3
    assert not torch.allclose(made.W, random_dictionary(sae, centre, seed=1).W)


def test_principal_directions_come_in_both_signs_and_in_units_of_their_spread(sae_of):
    sae = load_sae(str(sae_of("topk")))
    tokens = torch.zeros(400, D_MODEL)
    tokens[:, 0], tokens[:, 1] = 9 * torch.randn(400), torch.randn(400)
    made = principal_dictionary(sae, tokens + 5)
    z = (tokens + 5) @ made.W + made.b
    assert z.shape[1] == 4
    assert z.std(dim=0, correction=0) == pytest.approx(torch.ones(4), rel=1e-3)
    assert z.mean(dim=0).abs().max() < 1e-3
    assert torch.allclose(z[:, :2], -z[:, 2:], atol=1e-4)
