"""The token budget: what does not fit is read again in smaller batches, and nothing is lost or counted twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fac_core.activations import encoder as encoding
from fac_core.activations.budget import TokenBudget, doubled_while_it_pays, enough_for
from fac_core.activations.encoder import Encoded, Encoder
from fac_core.activations.sae import load_sae
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from tests import tiny

BY = [(column, "ascending") for column in ("feature_id", "sample_id", "token_index")]


@pytest.fixture
def tokens(model_of):
    # Each begins with a token of its own, so that no two fire alike: ties may fall otherwise in another batch.
    texts = [f"{chr(40 + i)} {text}" for i, text in enumerate(5 * tiny.TEXTS)]
    return SampleTokenizer(load_tokenizer(str(model_of("llama"))), context=24)(texts, [None] * len(texts))


@pytest.fixture
def made(model_of, sae_of):
    """`made(architecture, batch_tokens)` is an encoder."""

    def encoder(architecture: str, batch_tokens: int) -> Encoder:
        sae = load_sae(str(sae_of(architecture)))
        return Encoder(TruncatedModel(str(model_of("llama")), 2), sae, batch_tokens=batch_tokens)

    return encoder


def encode(encoder: Encoder, tokens: list) -> Encoded:
    return encoder(np.arange(len(tokens), dtype=np.uint32), tokens)


def assert_same(got: Encoded, expected: Encoded) -> None:
    """The same cells, and values that differ in the last bits at most: batches of another shape round otherwise."""
    assert got.samples.equals(expected.samples)
    assert got.outside.drop(["max"]).equals(expected.outside.drop(["max"]))
    for name in ("activations", "examples"):
        mine, theirs = (getattr(one, name).sort_by(BY) for one in (got, expected))
        assert len(mine) == len(theirs) > 0
        for column, _ in BY:
            assert mine[column].equals(theirs[column])
        np.testing.assert_allclose(mine["activation"], theirs["activation"], rtol=1e-4, atol=1e-4)


SCARCE = (
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes."),
)


def fail(monkeypatch, owner: object, name: str, at: set[int], error: RuntimeError = SCARCE[0]) -> list[int]:
    """Let some calls of a function run out of memory after they have done their work; returns the numbers of all calls."""
    calls: list[int] = []
    whole = getattr(owner, name)

    def scarce(*args, **kwargs):
        calls.append(len(calls))
        found = whole(*args, **kwargs)
        if calls[-1] in at:
            raise error
        return found

    monkeypatch.setattr(owner, name, scarce)
    return calls


@pytest.mark.parametrize("architecture", ["topk", "jumprelu"])
@pytest.mark.parametrize("at", [{0}, {1}, {0, 1, 2}])
def test_out_of_memory_in_the_model_costs_nothing_but_time(made, tokens, monkeypatch, architecture, at):
    expected = encode(made(architecture, 256), tokens)
    encoder = made(architecture, 256)
    calls = fail(monkeypatch, encoder.model, "residuals", at)
    told: list[int] = []
    got = encoder(np.arange(len(tokens), dtype=np.uint32), tokens, after_batch=told.append)
    assert_same(got, expected)
    assert calls[-1] > max(at)
    assert encoder.budget.tokens <= 256 / 2 ** len(at)
    assert told == sorted(told)
    assert told[-1] == len(tokens)


@pytest.mark.parametrize("error", SCARCE)
def test_every_device_has_its_own_words_for_it(made, tokens, monkeypatch, error):
    expected = encode(made("topk", 256), tokens)
    encoder = made("topk", 256)
    fail(monkeypatch, encoder.model, "residuals", {0}, error)
    assert_same(encode(encoder, tokens), expected)
    assert encoder.budget.tokens <= 128


def test_what_is_no_lack_of_memory_is_not_tried_again(made, tokens, monkeypatch):
    encoder = made("topk", 256)
    calls = fail(monkeypatch, encoder.model, "residuals", {0}, RuntimeError("device-side assert triggered"))
    with pytest.raises(RuntimeError, match="device-side assert"):
        encode(encoder, tokens)
    assert calls == [0]


@pytest.mark.parametrize("name", ["Proposals.add", "Outside.add"])
def test_a_batch_that_fails_half_way_is_dropped_whole(made, tokens, monkeypatch, name):
    """Some of its blocks were taken in already: their activations, maxima and proposals must not count twice."""
    monkeypatch.setattr("fac_core.activations.pooling._COLUMNS", 16)
    expected = encode(made("standard", 256), tokens)
    kind, method = name.split(".")
    fail(monkeypatch, getattr(encoding, kind), method, {1, 6})
    assert_same(encode(made("standard", 256), tokens), expected)


def test_a_single_sample_that_does_not_fit_is_an_error(made, tokens, monkeypatch):
    encoder = made("topk", 256)
    fail(monkeypatch, encoder.model, "residuals", set(range(1000)))
    with pytest.raises(torch.OutOfMemoryError):
        encode(encoder, tokens)


def test_a_budget_doubles_until_it_does_not_pay_or_does_not_fit():
    asked: list[int] = []

    def rate(budget: int) -> float:
        asked.append(budget)
        return {1: 10.0, 2: 19.0, 4: 30.0, 8: 31.0}.get(budget, 0.0)

    assert doubled_while_it_pays(1, rate) == 4
    assert asked == [1, 2, 4, 8]
    assert doubled_while_it_pays(1, float, most=16) == 16


def test_what_is_measured_fills_the_budget(tokens):
    assert sum(map(len, enough_for(10_000, tokens))) >= 20_000


def test_a_processor_keeps_its_budget_and_a_card_begins_higher(made, tokens):
    encoder = made("topk", 128)
    encoding.find_budget([encoder], tokens)
    assert encoder.budget.tokens == 128
    assert TokenBudget(device="cpu").tokens == 1024 < TokenBudget(device="cuda").tokens


def test_a_card_is_measured_on_the_texts_and_a_budget_that_does_not_fit_is_not_taken(made, tokens, monkeypatch):
    encoder = made("topk", 64)
    monkeypatch.setattr(encoding, "_is_a_card", lambda _model: True)
    monkeypatch.setattr(encoding, "doubled_while_it_pays", lambda start, rate: max((start, 2 * start), key=rate))
    plain = encoder.model.residuals

    def scarce(input_ids, after):
        if input_ids.numel() > 100:
            raise SCARCE[0]
        return plain(input_ids, after)

    monkeypatch.setattr(encoder.model, "residuals", scarce)
    encoding.find_budget([encoder], tokens)
    assert encoder.budget.tokens == 64
