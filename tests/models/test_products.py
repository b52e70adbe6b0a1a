"""A product with weights laid out anew is the product, for any number of tokens, with and without a bias."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import linear

from fac_core.models.products import may_lie_twice, product


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("lies_twice", [True, False])
@pytest.mark.parametrize("shape", [(1,), (3, 1), (2, 700)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_it_multiplies(dtype, lies_twice, shape, with_bias):
    drawn = torch.Generator().manual_seed(0)
    weight = torch.randn(96, 64, generator=drawn).to(torch.bfloat16)
    bias = torch.randn(96, generator=drawn) if with_bias else None
    x = torch.randn(*shape, 64, generator=drawn)
    expected = linear(x.to(dtype).double(), weight.double(), None if bias is None else bias.to(dtype).double())
    got = product(weight, bias, dtype, lies_twice=lies_twice)(x)
    assert got.dtype == dtype
    close = 1e-5 if dtype == torch.float32 else 2e-2
    torch.testing.assert_close(got.double(), expected, rtol=close, atol=close)


def test_the_weights_of_a_large_model_lie_in_memory_once(monkeypatch):
    monkeypatch.setattr("fac_core.models.products._MOST_BYTES", 4 * 96 * 64)
    assert may_lie_twice(96 * 64, torch.float32)
    assert not may_lie_twice(96 * 64 + 1, torch.float32)
