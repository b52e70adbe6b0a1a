"""Hooks, truncation, the dtype that weights lie in, and models that are not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BertConfig,
    BertForMaskedLM,
    GPT2Config,
    GPT2LMHeadModel,
    T5Config,
    T5ForConditionalGeneration,
)

from fac_core.errors import ModelMismatch, NotFound, WrongUse
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import TruncatedModel, blocks_before, check_known, load_tokenizer
from tests import tiny


@pytest.mark.parametrize(
    ("hook", "blocks"),
    [
        ("blocks.15.hook_resid_post", 16),
        ("blocks.15.hook_resid_pre", 15),
        ("model.layers.3", 4),
        ("gpt_neox.layers.0", 1),
    ],
)
def test_a_hook_names_the_number_of_blocks_before_it(hook, blocks):
    assert blocks_before(hook) == blocks


@pytest.mark.parametrize("hook", ["blocks.3.hook_mlp_out", "blocks.0.hook_resid_pre", "blocks.3.attn.hook_z"])
def test_a_hook_off_the_residual_stream_is_refused(hook):
    with pytest.raises(ModelMismatch, match="only the residual stream"):
        blocks_before(hook)


@pytest.mark.parametrize("load", [lambda name: TruncatedModel(name, 2), load_tokenizer])
def test_a_model_that_is_not_there_says_what_to_give(load, tmp_path):
    with pytest.raises(NotFound, match="Give a local folder, a hub id, or one of: smollm2-135m"):
        load(str(tmp_path / "nothing"))


IDS = torch.randint(4, 60, (3, 20), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def rounded(tmp_path: Path, model_of) -> Callable[[str, torch.dtype], str]:
    """`rounded(family, dtype)` is a checkpoint in that dtype; the numbers in it are of bfloat16, whatever the dtype."""

    def saved(family: str, dtype: torch.dtype) -> str:
        folder = tmp_path / f"{family}-{dtype}"
        if not folder.exists():
            model = AutoModelForCausalLM.from_pretrained(model_of(family), dtype=torch.bfloat16)
            model.to(dtype).save_pretrained(folder)
        return str(folder)

    return saved


@pytest.mark.parametrize("computing", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", list(tiny.FAMILIES))
def test_a_bfloat16_checkpoint_gives_the_bits_of_the_same_numbers_in_float32(rounded, family, computing):
    expected = TruncatedModel(rounded(family, torch.float32), 3).computing_in(computing).residual(IDS)
    got = TruncatedModel(rounded(family, torch.bfloat16), 3).computing_in(computing).residual(IDS)
    assert got.dtype == torch.float32
    assert torch.equal(got, expected)


def product_dtypes(model: TruncatedModel) -> set[torch.dtype]:
    return {m.weight.dtype for m in model.module.modules() if isinstance(m, torch.nn.Linear)}


def test_weights_stay_in_the_dtype_of_the_checkpoint_whatever_is_computed_in(rounded):
    model = TruncatedModel(rounded("llama", torch.bfloat16), 3)
    for computing in (torch.float32, torch.bfloat16, torch.float32):
        assert product_dtypes(model.computing_in(computing)) == {torch.bfloat16}
    assert model.module.get_input_embeddings().weight.dtype == torch.bfloat16


def test_the_checkpoint_decides_and_not_what_its_configuration_says(rounded):
    """A configuration that says bfloat16 over weights in float32 would cost them 16 bits."""
    folder = rounded("llama", torch.float32)
    path = Path(folder) / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "dtype": "bfloat16"}))
    assert product_dtypes(TruncatedModel(folder, 2)) == {torch.float32}


def test_back_in_float32_no_bit_is_lost_and_the_weights_are_there_once(model_of):
    model = TruncatedModel(str(model_of("llama")), 3)
    expected, module = model.residual(IDS), model.module
    assert model.computing_in(torch.bfloat16).module is module  # narrowed where they lie: no second model
    assert not torch.equal(model.residual(IDS), expected)
    assert torch.equal(model.computing_in(torch.float32).residual(IDS), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", ["llama", "gemma3"])
def test_given_up_it_is_a_plain_module_in_one_dtype(rounded, family, dtype):
    """Without autocast, as generation runs it: no layer may hand on another dtype than the next one multiplies."""
    model = TruncatedModel(rounded(family, torch.bfloat16), 3)
    caught: list[torch.Tensor] = []
    model.blocks[-1].register_forward_hook(
        lambda _m, _a, output: caught.append(output[0] if isinstance(output, tuple) else output)
    )
    module = model.given_up(dtype)
    with torch.inference_mode():
        module(input_ids=IDS, use_cache=False)
    assert {p.dtype for p in module.parameters()} == {dtype}
    assert caught[0].dtype == dtype


def saved(folder: Path, model, tokenizer_of: Path) -> str:
    model.save_pretrained(folder)
    load_tokenizer(str(tokenizer_of)).save_pretrained(folder)
    return str(folder)


def test_a_model_that_reads_in_both_directions_is_refused(tmp_path, model_of):
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    torch.manual_seed(0)
    name = saved(tmp_path / "bert", BertForMaskedLM(BertConfig(vocab_size=400, **shape)), model_of("llama"))
    with pytest.raises(ModelMismatch, match="reads texts in both directions"):
        TruncatedModel(name, 1)


def test_a_model_with_an_encoder_and_a_decoder_is_refused(tmp_path, model_of):
    config = T5Config(vocab_size=400, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    name = saved(tmp_path / "t5", T5ForConditionalGeneration(config), model_of("llama"))
    with pytest.raises(ModelMismatch, match=r"has an encoder and a decoder \(t5\)"):
        TruncatedModel(name, 1)


def test_a_tokenizer_with_more_words_than_the_model_is_refused_where_it_uses_one(model_of):
    model, tokenizer = TruncatedModel(str(model_of("llama")), 1), load_tokenizer(str(model_of("llama")))
    tokenizer.add_tokens([f"word{i}" for i in range(500)])
    read = SampleTokenizer(tokenizer, context=32)
    check_known(read(["plain words"], [None]), model)
    with pytest.raises(ModelMismatch, match="save the model with its embeddings resized"):
        check_known(read(["plain word499"], [None]), model)


def test_a_window_longer_than_the_positions_that_a_model_learned_is_refused_with_the_one_that_fits(tmp_path):
    config = GPT2Config(vocab_size=50, n_positions=16, n_embd=16, n_layer=2, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(tmp_path)
    model = TruncatedModel(str(tmp_path), 1)
    assert model.residual(torch.ones(1, 16, dtype=torch.long)).shape == (1, 16, 16)
    with pytest.raises(WrongUse, match=r"16 positions only\. Say --context 16"):
        model.residual(torch.ones(1, 17, dtype=torch.long))
