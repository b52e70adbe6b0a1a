"""Attention sinks: tokens that hold no content but carry huge norms, and so would fire everything.

The first token of a window is one in most models (25,000 against 170 in SmolLM2), which is why a start token takes
that place. Some models put others on delimiters in the middle of a text.
"""

from __future__ import annotations

import torch

MULTIPLE = 10.0
"""A token is a sink if its norm is over 10 times the median of its sample's content tokens."""


def sinks(h: torch.Tensor, content: torch.Tensor) -> torch.Tensor:
    """Which content tokens are sinks, `[rows, length]` bool, for `h [rows, length, d_model]`.

    The median is each row's own, so that a sample's result knows nothing of its batch.
    """
    norms = h.float().norm(dim=-1).masked_fill(~content, torch.nan)
    return norms > MULTIPLE * norms.nanmedian(dim=1, keepdim=True).values
