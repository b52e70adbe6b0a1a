"""What sae-lens's list has for a model, in any spelling, and that the advised SAE is one that the rule holds for."""

from __future__ import annotations

import socket

import pytest

from fac_core.activations.saes import pretrained
from fac_core.activations.saes.named import chosen_sae
from fac_core.activations.saes.pretrained import advised, pretrained_saes
from fac_core.errors import NotFound
from fac_core.models.truncated import blocks_before


@pytest.mark.parametrize(
    ("spelt", "release"),
    [
        ("google/gemma-2-2b", "gemma-scope-2b-pt-res-canonical"),
        ("gemma-2-2b", "gemma-scope-2b-pt-res-canonical"),
        ("google/gemma-2-2b@main", "gemma-scope-2b-pt-res-canonical"),
        ("/models/gemma-2-2b", "gemma-scope-2b-pt-res-canonical"),
        ("gpt2", "gpt2-small-res-jb"),
        ("openai-community/gpt2", "gpt2-small-res-jb"),
        ("meta-llama/Llama-3.1-8B", "llama_scope_lxr_8x"),
        ("meta-llama/Meta-Llama-3.1-8B", "llama_scope_lxr_8x"),
        ("mistralai/Mistral-7B-v0.1", "mistral-7b-res-wg"),
        ("google/gemma-2-9b-it", "gemma-scope-9b-it-res-canonical"),
    ],
)
def test_the_usual_spellings_find_the_same_saes(spelt, release):
    assert advised(spelt).release == release


def test_the_advised_sae_is_in_the_middle_of_the_range_where_the_list_says_enough():
    for model in ("gemma-2-2b", "gemma-2-9b", "google/gemma-3-4b-pt", "meta-llama/Llama-3.1-8B", "Qwen/Qwen3-8B-Base"):
        best = advised(model)
        assert 1 / 2 <= best.layer / best.n_layers <= 2 / 3
        assert best.width is not None
        assert 16_000 <= best.width <= 66_000
        assert best.l0 is not None
        assert 50 <= best.l0 <= 100


def test_every_sae_that_is_listed_reads_the_residual_stream_after_some_block_of_its_model():
    listed = pretrained._by_model()
    assert len(listed) > 30
    for saes in listed.values():
        for one in saes:
            assert 0 < blocks_before(one.hook) == one.layer <= one.n_layers
            assert not any(word in one.release for word in ("transcoder", "-att", "-mlp", "-mid", "temporal"))


def test_a_release_for_the_instructed_model_is_not_offered_for_the_base():
    assert all("9b-it" not in one.release for one in pretrained_saes("gemma-2-9b"))


def test_a_model_without_any_is_told_what_its_kin_have():
    with pytest.raises(
        NotFound, match=r"no residual-stream SAE for 'google/gemma-2-2b-it'.*gemma-2-2b\b.*fac space fit"
    ):
        pretrained_saes("google/gemma-2-2b-it")
    with pytest.raises(NotFound, match="train one: fac space train-sae"):
        pretrained_saes("nobody/nothing")


def test_auto_takes_what_ships_or_else_the_advised_one():
    assert chosen_sae("smollm2-135m", "auto") == chosen_sae("smollm2-135m", "")
    assert chosen_sae("gpt2", "auto") == advised("gpt2").name
    assert chosen_sae("gpt2", "some/folder") == "some/folder"
    with pytest.raises(NotFound, match="fac space list gpt2"):
        chosen_sae("gpt2", "")


def test_the_list_is_read_without_a_network(monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    pretrained._by_model.cache_clear()
    pretrained.releases.cache_clear()
    assert pretrained_saes("pythia-70m-deduped")


def test_a_model_that_is_not_there_is_said_before_a_sae_is_missed():
    with pytest.raises(NotFound, match=r"There is no model at '\./nope'"):
        chosen_sae("./nope", "")
