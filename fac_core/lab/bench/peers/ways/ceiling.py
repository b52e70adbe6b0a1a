"""The ceiling: the matrix products alone, on random numbers."""

from __future__ import annotations

from typing import Any

import torch

from fac_core.activations.precision import encoder_of
from fac_core.activations.sae import load_sae
from fac_core.lab.bench.ceiling import gemms_alone


class Way:
    """2,048 tokens at a time, each weight once; no attention, no norms, no Top-K, no pooling."""

    n_tokens = 8 * 2048

    def __init__(self, given: Any, dtype: torch.dtype, _batch: None) -> None:
        said: Any = "bfloat16" if dtype == torch.bfloat16 else "float32"
        encoder = encoder_of(given.about["model_name"], load_sae(given.about["sae_name"]), said)
        self.products = gemms_alone([encoder], n_tokens=2048)

    def encode(self, _rows: range) -> None:
        for _ in range(self.n_tokens // 2048):
            self.products()
