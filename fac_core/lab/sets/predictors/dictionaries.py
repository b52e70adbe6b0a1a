"""Dictionaries that nothing was learned for, read as a SAE is: what coverage by trained features has to beat.

Random directions of equal width and k; and principal components, of which there are only as many as dimensions, so that both
their ends make twice as many features and no more. Components are divided by their spread, or the first few would be the
k largest of every token.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch

from fac_core.activations.sae import SparseAutoencoder

_LEAST_SPREAD = 1e-3
"""Components that vary less, beside the first, are rounding."""


def random_dictionary(sae: SparseAutoencoder, centre: torch.Tensor, *, seed: int = 0) -> SparseAutoencoder:
    """As many random unit directions as the SAE has features, read at the same place with the same k.

    Args:
        centre: `[d_model]`: mean of the tokens' states, subtracted as a SAE's decoder bias is.
    """
    drawn = torch.randn(sae.d_sae, sae.d_model, generator=torch.Generator().manual_seed(seed))
    return _read_along(sae, drawn / drawn.norm(dim=1, keepdim=True), centre, "random")


def principal_dictionary(sae: SparseAutoencoder, tokens: torch.Tensor) -> SparseAutoencoder:
    """Both ends of every principal component of some tokens' states, with the k of the SAE (or all, if there are fewer).

    Args:
        tokens: `[tokens, d_model]`, at the block that the SAE reads.
    """
    centre = tokens.mean(dim=0)
    _, spread, components = torch.linalg.svd(tokens - centre, full_matrices=False)
    kept = spread > _LEAST_SPREAD * spread[0]
    whitened = components[kept] / (spread[kept, None] / len(tokens) ** 0.5)
    return _read_along(sae, torch.cat([whitened, -whitened]), centre, "PCA")


def _read_along(sae: SparseAutoencoder, directions: torch.Tensor, centre: torch.Tensor, name: str) -> SparseAutoencoder:
    """Top-K of the centred projections on `directions [features, d_model]`."""
    n = len(directions)
    return SparseAutoencoder(
        name=name,
        architecture="topk",
        hook_name=sae.hook_name,
        model_name=sae.model_name,
        sha256=hashlib.sha256(np.ascontiguousarray(directions.numpy()).data).hexdigest(),
        W=directions.contiguous().T,
        b=-(directions @ centre),
        threshold=torch.zeros(n),
        scale=torch.ones(n),
        shift=torch.zeros(n),
        k=min(sae.k or n, n),
        input_norm="none",
        decoder=lambda: directions,
    ).in_mode("native")
