"""Products with weights that stay the same: by oneDNN on processors, with the weights laid out once as its kernels read them.

PyTorch's own `linear` lays bfloat16 weights out anew in every call, and takes float32 to MKL, which leaves AVX-512 unused on
processors that are not Intel's. These are the operators that its compiler takes for frozen weights, without the compiler.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn.functional import linear

Product = Callable[[torch.Tensor], torch.Tensor]
"""Of `[..., d_in]`: `[..., d_out]`."""

_MOST_BYTES = 2**30
"""Of weights that are laid out anew, beside those that are there. An 8 B model's stay in memory once."""

_TOKENS = 1024
"""That a layout is chosen for; any number can be multiplied."""


def may_lie_twice(n_weights: int, dtype: torch.dtype) -> bool:
    """Whether so many weights, together, are few enough to be laid out beside the ones that are there.

    >>> may_lie_twice(135_000_000, torch.float32), may_lie_twice(8_000_000_000, torch.bfloat16)
    (True, False)
    """
    return n_weights * dtype.itemsize <= _MOST_BYTES


def product(weight: torch.Tensor, bias: torch.Tensor | None, dtype: torch.dtype, *, lies_twice: bool) -> Product:
    """`x ↦ x @ weight.T + bias` in a dtype, for `weight [d_out, d_in]` of that dtype or a narrower one.

    Args:
        lies_twice: whether the weight may be laid out anew; otherwise it is read where it lies, and widened in each call.
    """
    bias = None if bias is None else bias.to(dtype)
    if not _by_onednn(weight.device, dtype):
        return lambda x: linear(x.to(dtype), weight.to(dtype), bias)
    if lies_twice:
        weight = torch.ops.mkldnn._reorder_linear_weight(weight.to(dtype), _TOKENS)
    return lambda x: torch.ops.mkldnn._linear_pointwise(x.to(dtype), weight.to(dtype), bias, "none", [], "")


def _by_onednn(device: torch.device, dtype: torch.dtype) -> bool:
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())
