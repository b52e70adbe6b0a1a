"""The probe decides, and says why."""

from __future__ import annotations

import pytest
import torch

from fac_core.activations import precision
from fac_core.activations.sae import load_sae
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from tests import tiny


@pytest.fixture
def probe(model_of, sae_of, monkeypatch):
    """`probe(fast_seconds)` chooses as if float32 took one second and bfloat16 that long, at a glance too unless said otherwise."""
    model, sae = str(model_of("llama")), load_sae(sae_of("standard"))
    tokens = SampleTokenizer(load_tokenizer(model), context=64)(tiny.TEXTS, [None] * 7)
    measure = precision._timed

    def choose(fast_seconds: float, min_jaccard: float = 0.5, glance: float = 1.0) -> precision.Choice:
        seconds, busy = iter([1.0, fast_seconds]), iter([1.0, glance])
        monkeypatch.setattr(precision, "_busy", lambda *_args: next(busy))
        monkeypatch.setattr(precision, "_timed", lambda *args: (next(seconds), measure(*args)[1]))
        monkeypatch.setattr(precision, "MIN_JACCARD", min_jaccard)
        return precision.choose_encoder(model, sae, tokens)

    return choose


def test_bfloat16_is_taken_where_it_is_faster_and_agrees(probe):
    choice = probe(0.5)
    assert choice.dtype == "bfloat16"
    assert "2.0 times as fast" in choice.reason


def test_float32_stays_where_bfloat16_is_slower(probe):
    choice = probe(3.0)
    assert choice.dtype == "float32"
    assert "not enough" in choice.reason


def test_float32_stays_where_the_active_features_differ(probe):
    assert probe(0.5, min_jaccard=1.01).dtype == "float32"


def test_where_a_glance_shows_that_bfloat16_is_hopeless_nothing_more_is_probed(probe, monkeypatch):
    choice = probe(0.5, glance=8.0)
    assert choice.dtype == "float32"
    assert "0.1 times as fast as float32 on cpu: not enough" in choice.reason
    assert choice.encoder.model.compute_dtype == torch.float32


def test_the_probe_never_holds_two_models(model_of, sae_of, monkeypatch):
    """One is loaded, measured in float32, narrowed where it lies; and no weight lies in memory twice."""
    model, sae = str(model_of("llama")), load_sae(sae_of("standard"))
    tokens = SampleTokenizer(load_tokenizer(model), context=64)(tiny.TEXTS, [None] * 7)
    loaded: list[TruncatedModel] = []
    load = precision.TruncatedModel

    def watched(*args, **options):
        loaded.append(load(*args, **options))
        return loaded[-1]

    monkeypatch.setattr(precision, "TruncatedModel", watched)
    monkeypatch.setattr(precision, "MIN_SPEEDUP", 0.0)
    monkeypatch.setattr(precision, "MIN_JACCARD", 0.0)
    monkeypatch.setattr(precision, "_HOPELESS", 0.0)
    choice = precision.choose_encoder(model, sae, tokens)
    assert choice.dtype == "bfloat16"
    assert loaded == [choice.encoder.model]
    assert {p.dtype for p in choice.encoder.model.blocks.parameters() if p.dim() == 2} == {torch.bfloat16}


def test_a_refused_bfloat16_leaves_the_bits_of_float32(probe):
    refused, never_tried = probe(3.0), probe(0.5, glance=8.0)
    ids = torch.arange(4, 20)[None]
    assert refused.dtype == never_tried.dtype == "float32"
    assert torch.equal(refused.encoder.model.residual(ids), never_tried.encoder.model.residual(ids))
    assert torch.equal(refused.encoder.sae.W, never_tried.encoder.sae.W)


def test_a_glance_alone_never_chooses_bfloat16(probe):
    assert probe(3.0, glance=0.1).dtype == "float32"
