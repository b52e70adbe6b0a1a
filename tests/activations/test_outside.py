"""What fires outside the content is counted apart, and is what the slow encoder says of those tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
import torch

from fac_core.activations.encoder import Encoder
from fac_core.activations.outside import Outside
from fac_core.activations.pooling import Pool
from fac_core.activations.sae import load_sae
from fac_core.datasets.chats import Message
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from tests import oracle_encoder, tiny

CHATS = [
    [Message("user", "How far is it?"), Message("assistant", "Not far.")],
    [Message("user", "Thank you, that helps a lot."), Message("assistant", "Gladly.")],
]


def by_feature(table: pa.Table, place: str) -> dict[int, tuple[int, float]]:
    return {
        row["feature_id"]: (row["n_samples"], pytest.approx(row["max"], rel=1e-3))
        for row in table.to_pylist()
        if row["place"] == place
    }


def expected(g: np.ndarray) -> dict[int, tuple[int, float]]:
    """From `[samples, d_sae]`: of each feature that fires, the number of samples and the maximum."""
    return {int(f): (int((g[:, f] > 0).sum()), float(g[:, f].max())) for f in np.flatnonzero(g.max(axis=0) > 0)}


def encoder(model, sae):
    loaded = load_sae(str(sae))
    return Encoder(TruncatedModel(str(model), loaded.n_blocks), loaded)


@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
def test_special_tokens_are_those_that_are_not_content(model_of, sae_of, architecture):
    model, sae = model_of("llama"), sae_of(architecture)
    tokens = SampleTokenizer(load_tokenizer(str(model)), context=64, roles=("assistant",))(["", ""], CHATS)
    got = encoder(model, sae)(np.arange(2, dtype=np.uint32), tokens).outside
    inverted = [replace(one, content=~one.content) for one in tokens]
    assert by_feature(got, "special") == expected(oracle_encoder.pooled(model, sae, 2, inverted))
    assert by_feature(got, "truncated") == {}


@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
def test_the_truncated_part_is_the_window_after_the_encoded_one(model_of, sae_of, architecture):
    model, sae = model_of("llama"), sae_of(architecture)
    tokenise = SampleTokenizer(load_tokenizer(str(model)), context=9)
    tokens = tokenise(tiny.TEXTS, [None] * len(tiny.TEXTS))
    beyond = [one.beyond for one in tokens if one.beyond is not None]
    assert beyond
    got = encoder(model, sae)(np.arange(len(tokens), dtype=np.uint32), tokens).outside
    assert by_feature(got, "truncated") == expected(oracle_encoder.pooled(model, sae, 2, beyond))


def test_the_next_window_begins_as_every_window_does_and_goes_on_where_the_first_ended(model_of):
    tokenizer = load_tokenizer(str(model_of("llama")))
    text = " ".join(tiny.TEXTS)
    (whole,) = SampleTokenizer(tokenizer, context=4096)([text], [None])
    (cut,) = SampleTokenizer(tokenizer, context=12)([text], [None])
    assert whole.beyond is None
    assert cut.beyond is not None
    assert cut.beyond.input_ids.tolist() == [whole.input_ids[0], *whole.input_ids[12:23]]
    assert cut.beyond.content.tolist() == [False] + [True] * 11
    assert cut.beyond.offsets[1:].tolist() == whole.offsets[12:23].tolist()


def test_nothing_outside_is_an_empty_table(sae_of):
    outside = Outside(Pool(load_sae(str(sae_of("topk"))), dtype=torch.float32))
    outside.add("special", torch.zeros(2, 3, tiny.D_MODEL), torch.zeros(2, 3, dtype=torch.bool))
    assert len(outside.table()) == 0
