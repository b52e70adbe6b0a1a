"""dictionary_learning: `AutoEncoderTopK.encode` on what an nnsight trace saves, as its `ActivationBuffer` reads."""
# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from dictionary_learning.trainers.top_k import AutoEncoderTopK
from nnsight import LanguageModel
from safetensors.torch import load_file
from stage import strongest, together
from transformers import AutoModelForCausalLM, AutoTokenizer


class Way:
    """`LanguageModel.trace`, ended after the block that the SAE reads; dense activations, pooled."""

    PACKAGES = ("dictionary-learning", "nnsight", "transformers")
    BATCHES = (1, 4, 8, 16)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch = given, batch
        about = given.about
        folder = str(given.folder / "model")
        hf_model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
        self.model = LanguageModel(hf_model, tokenizer=AutoTokenizer.from_pretrained(folder))
        self.block = self.model.model.layers[about["n_blocks"] - 1]
        weights = load_file(given.folder / "folded.safetensors")
        self.sae = AutoEncoderTopK(about["d_model"], about["d_sae"], about["k"])
        decoder = {"decoder.weight": weights.pop("W_dec").T, "k": self.sae.k, "threshold": self.sae.threshold}
        self.sae.load_state_dict(weights | decoder)
        self.sae.to(dtype)

    def encode(self, rows: range) -> list[tuple[np.ndarray, ...]]:
        found = []
        for first in range(0, len(rows), self.batch):
            some = rows[first : first + self.batch]
            ids, mask = self.given.padded(some)
            with self.model.trace({"input_ids": ids, "attention_mask": mask}, scan=False, validate=False):
                states = self.block.output.save()
                self.block.output.stop()
            h = states.value if hasattr(states, "value") else states
            h = h[0] if isinstance(h, tuple) else h
            found.append(strongest(self.sae.encode(h), mask, some))
        return found

    def pooled(self, found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        return together(found)
