"""Hooks, truncation and models that are not there."""

from __future__ import annotations

import pytest

from fac_core.errors import ModelMismatch, NotFound
from fac_core.models.truncated import TruncatedModel, blocks_before, load_tokenizer


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
