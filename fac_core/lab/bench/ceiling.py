"""The ceiling of encoding: what this machine needs for the matrix products alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch.nn.functional import linear

from fac_core.activations.encoder import Encoder

_COLUMNS = 16_384
"""Latents multiplied at a time: of 131,072 for all tokens there is nowhere room."""


def gemms_alone(encoders: Sequence[Encoder], *, n_tokens: int) -> Callable[[], None]:
    """Every matrix product that encoders of one model need for `n_tokens` that they read together, and nothing else."""
    model = encoders[0].model
    dtype, device = model.compute_dtype, model.module.device
    weights = [m.weight for m in model.module.modules() if isinstance(m, torch.nn.Linear)]
    for encoder in encoders:
        weights += encoder.sae.W.T.split(_COLUMNS)
    inputs = {w.shape[1]: torch.randn(n_tokens, w.shape[1], dtype=dtype, device=device) for w in weights}

    @torch.inference_mode()
    def run() -> None:
        for weight in weights:
            linear(inputs[weight.shape[1]], weight)

    return run
