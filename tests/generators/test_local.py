"""A model on this machine writes what it would write alone, whoever shares its batch; steering changes it, and only it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForCausalLM

from fac_core.activations.sae import load_sae
from fac_core.datasets.chats import Message
from fac_core.errors import ModelMismatch, NotFound
from fac_core.generators import local
from fac_core.generators.local import LocalGenerator
from fac_core.generators.seam import Boost, Request, Steering
from fac_core.generators.steered import SteeredGenerator

ASK = Request((Message("user", "The contract"),), max_tokens=12, temperature=0.0)
LONG = replace(ASK, messages=(Message("user", "She laughed, and the whole room laughed with her!"),))


@pytest.fixture(autouse=True)
def _exact(monkeypatch):
    monkeypatch.setattr(local, "quicker_dtype", lambda _device: torch.float32)


@pytest.fixture
def generator(model_of):
    return LocalGenerator(str(model_of("llama")))


@pytest.mark.parametrize("family", ["llama", "qwen2", "gemma3", "gpt_neox"])
def test_the_likeliest_tokens_are_those_of_transformers(model_of, family):
    folder = model_of(family)
    generator = LocalGenerator(str(folder))
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    answers = generator.generate([ASK, LONG, ASK])
    for request, answer in zip([ASK, LONG, ASK], answers, strict=True):
        ids = torch.tensor([generator._prompt(request)])
        expected = model.generate(ids, max_new_tokens=12, do_sample=False)[0, ids.shape[1] :]
        assert answer.texts[0] == generator.tokenizer.decode(expected, skip_special_tokens=True)


def test_an_answer_does_not_depend_on_its_batch(generator):
    request = replace(ASK, temperature=1.0, seed=3, n=3)
    alone = generator.generate([request])[0]
    among = generator.generate([LONG, request, replace(LONG, n=5)])[1]
    assert alone.texts == among.texts
    assert len(set(alone.texts)) == 3
    assert generator.generate([replace(request, seed=4)])[0].texts != alone.texts


def test_usage_counts_every_token_that_was_drawn(generator):
    answer = generator.generate([replace(ASK, n=2, temperature=1.0, seed=1)])[0]
    assert 2 <= answer.usage.completion_tokens <= 24
    assert answer.usage.prompt_tokens == len(generator._prompt(ASK))
    assert answer.usage.n_paid == 1


def test_an_answer_ends_before_the_stop(generator):
    whole = generator.generate([ASK])[0].texts[0]
    mark = whole[len(whole) // 2]
    assert generator.generate([replace(ASK, stop=(mark,))])[0].texts[0] == whole.partition(mark)[0]


def test_a_request_that_ends_with_the_assistant_is_continued(generator):
    begun = replace(ASK, messages=(*ASK.messages, Message("assistant", "shall be")))
    assert generator.tokenizer.decode(generator._prompt(begun)).endswith("shall be")


def test_a_boosted_word_is_written_once(generator):
    boosted = replace(ASK, boost=Boost((" femur",), 1e4))
    first = generator._first_tokens((" femur",))[0]
    tokens = generator.tokenizer(generator.generate([boosted])[0].texts[0], add_special_tokens=False)["input_ids"]
    assert tokens[0] == first
    assert tokens.count(first) < len(tokens)


def test_each_row_is_steered_along_its_own_feature(model_of, sae_of):
    folder = str(model_of("llama"))
    steered = SteeredGenerator(folder, load_sae(sae_of("topk")))
    plain = LocalGenerator(folder).generate([ASK])[0]
    pushed = [replace(ASK, steering=Steering(f, 500.0)) for f in (3, 9)]
    together = steered.generate([ASK, *pushed])
    assert together[0].texts == plain.texts
    assert together[1].texts != together[2].texts
    assert [a.texts for a in together[1:]] == [steered.generate([one])[0].texts for one in pushed]
    assert steered.generate([replace(ASK, steering=Steering(3, 0.0))])[0].texts == plain.texts


def test_what_cannot_be_steered_is_an_answer_with_an_error(generator, model_of, sae_of):
    refused, answered = generator.generate([replace(ASK, steering=Steering(3, 1.0)), ASK])
    assert refused.error
    assert not answered.error
    steered = SteeredGenerator(str(model_of("llama")), load_sae(sae_of("topk")))
    assert "no feature 64" in (steered.generate([replace(ASK, steering=Steering(64, 1.0))])[0].error or "")


def test_a_model_that_is_not_there_or_does_not_fit_is_named(tmp_path, model_of, sae_of):
    with pytest.raises(NotFound, match="nowhere"):
        LocalGenerator(str(tmp_path / "nowhere"))
    with pytest.raises(ModelMismatch, match="blocks"):
        SteeredGenerator(str(model_of("llama")), load_sae(sae_of("topk", n_blocks=9)))
