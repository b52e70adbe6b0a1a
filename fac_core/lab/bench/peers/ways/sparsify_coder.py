"""sparsify: `SparseCoder.encode` on hidden states of transformers, as its README shows."""
# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from sparsify import SparseCoder, SparseCoderConfig
from stage import together
from transformers import AutoModelForCausalLM


class Way:
    """The whole model with `output_hidden_states`, then `encode`, which gives the k strongest latents of each token."""

    PACKAGES = ("eai-sparsify", "transformers")
    BATCHES = (1, 4, 8, 16)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch = given, batch
        about = given.about
        self.model = AutoModelForCausalLM.from_pretrained(given.folder / "model", dtype=dtype).eval()
        config = SparseCoderConfig(num_latents=about["d_sae"], k=about["k"])
        self.sae = SparseCoder(about["d_model"], config)
        self.sae.load_state_dict(load_file(given.folder / "folded.safetensors"))
        self.sae.to(dtype)

    def encode(self, rows: range) -> list[tuple[np.ndarray, ...]]:
        found, about = [], self.given.about
        for first in range(0, len(rows), self.batch):
            some = rows[first : first + self.batch]
            ids, mask = self.given.padded(some)
            states = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            acts, indices, _ = self.sae.encode(states[about["n_blocks"]])
            mask[:, 0] = 0  # the start token is no content
            pooled = torch.zeros(len(some), about["d_sae"], dtype=acts.dtype)
            pooled.scatter_reduce_(1, indices.flatten(1), (acts * mask.unsqueeze(-1)).flatten(1), "amax")
            row, feature = pooled.nonzero(as_tuple=True)
            found.append((np.array(some)[row.numpy()], feature.numpy(), pooled[row, feature].float().numpy()))
        return found

    def pooled(self, found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        return together(found)
