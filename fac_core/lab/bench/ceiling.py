"""The ceiling of encoding: what this machine needs for the matrix products alone, in the quickest way that is known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from fac_core.activations.encoder import Encoder


def gemms_alone(encoders: Sequence[Encoder], *, n_tokens: int) -> Callable[[], None]:
    """Every matrix product that encoders of one model need for `n_tokens` that they read together, and nothing else.

    They are the encoders' own (`models/products.py`): `linear` takes up to twice their time in float32.
    """
    model = encoders[0].model
    dtype, device = model.compute_dtype, model.module.device
    products = [(m.in_features, m.forward) for m in model.module.modules() if isinstance(m, torch.nn.Linear)]
    for encoder in encoders:
        products += [(encoder.sae.d_model, product) for product in encoder.pool.products]
    inputs = {width: torch.randn(n_tokens, width, dtype=dtype, device=device) for width, _ in products}

    @torch.inference_mode()
    def run() -> None:
        for width, product in products:
            product(inputs[width])

    return run
