"""Perplexity is what transformers' own loss says, whatever the batch."""

from __future__ import annotations

import numpy as np
import torch
from transformers import AutoModelForCausalLM

from fac_core.models.perplexity import Perplexity
from fac_core.models.tokens import start_token
from fac_core.models.truncated import load_tokenizer
from tests import tiny


def test_it_equals_the_loss_of_transformers(model_of):
    folder = str(model_of("llama"))
    model, tokenizer = AutoModelForCausalLM.from_pretrained(folder).eval(), load_tokenizer(folder)
    found = Perplexity(folder)(tiny.TEXTS)
    for text, value in zip(tiny.TEXTS, found, strict=True):
        ids = torch.tensor([start_token(tokenizer) + tokenizer(text, add_special_tokens=False)["input_ids"]])
        np.testing.assert_allclose(value, torch.exp(model(ids, labels=ids).loss).item(), rtol=1e-4)


def test_an_empty_text_has_none_and_the_first_tokens_do_not_depend_on_the_rest(model_of):
    perplexity = Perplexity(str(model_of("qwen2")))
    assert np.isnan(perplexity([""])[0])
    whole, first = perplexity.surprises([tiny.TEXTS[5]])[0], perplexity.surprises([tiny.TEXTS[5]], first=4)[0]
    np.testing.assert_allclose(whole[:4], first, rtol=1e-5)
