"""Harvested shards of made-up activations: sparse sums of a few directions, as a SAE expects them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from fac_core.training.harvest import Shard, layer_key

D_MODEL = 16
N_BLOCKS = 2


def write_shard(folder: Path, number: int, n_tokens: int = 300) -> Shard:
    """A shard whose tokens are sums of three of 24 fixed directions, around a mean."""
    directions = torch.randn(24, D_MODEL, generator=torch.Generator().manual_seed(7))
    generator = torch.Generator().manual_seed(number)
    chosen = torch.rand(n_tokens, 24, generator=generator).topk(3).indices
    strength = torch.rand(n_tokens, 3, 1, generator=generator) + 1
    tokens = (directions[chosen] * strength).sum(dim=1) + 0.5
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number:02d}.safetensors"
    save_file({layer_key(N_BLOCKS): tokens.to(torch.bfloat16)}, path)
    return Shard(path, [np.array([0, 1, 2], dtype=np.int32)])
