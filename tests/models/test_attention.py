"""The quick attention for short windows gives what PyTorch's own gives, or leaves the work to it."""

from __future__ import annotations

import pytest
import torch

from fac_core.models import attention
from fac_core.models.truncated import TruncatedModel
from tests import tiny


@pytest.fixture
def products(monkeypatch) -> list[int]:
    """Lengths for which the quick way was taken, one entry a layer."""
    taken: list[int] = []
    softmax = torch.softmax

    def watched(scores, *args, **kwargs):
        taken.append(scores.shape[-1])
        return softmax(scores, *args, **kwargs)

    monkeypatch.setattr(attention.torch, "softmax", watched)
    return taken


def both(folder, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The residual stream by PyTorch's kernel and by ours, for a batch of random tokens."""
    ids = torch.randint(4, 60, (3, length), generator=torch.Generator().manual_seed(0))
    model = TruncatedModel(str(folder), tiny.N_LAYERS)
    expected = model.residual(ids)
    attention.use_short_causal(model.module)
    return expected, model.residual(ids)


@pytest.mark.parametrize("family", list(tiny.FAMILIES))
@pytest.mark.parametrize("length", [1, 32, 100])  # 100 is over the sliding window of the families that have one
def test_every_family_gets_the_same_residual_stream(model_of, family, length):
    expected, got = both(model_of(family), length)
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


def test_short_windows_are_taken_and_sliding_ones_are_left(model_of, products):
    both(model_of("mistral"), 32)
    assert products == [32] * tiny.N_LAYERS
    products.clear()
    both(model_of("mistral"), 100)
    assert products == []


def test_long_windows_are_left(model_of, products, monkeypatch):
    monkeypatch.setattr(attention, "_LONGEST", 16)
    expected, got = both(model_of("llama"), 17)
    torch.testing.assert_close(got, expected)
    assert products == []


def test_bfloat16_takes_it_and_float32_stays_with_pytorch(model_of):
    model = TruncatedModel(str(model_of("llama")), 2)
    assert model.module.config._attn_implementation == "sdpa"
    assert model.computing_in(torch.bfloat16).module.config._attn_implementation == attention.NAME
    assert model.computing_in(torch.float32).module.config._attn_implementation == "sdpa"
