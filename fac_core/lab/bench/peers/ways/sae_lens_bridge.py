"""sae-lens with TransformerLens: `SAETransformerBridge`, the hooked model of their tutorials."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sae_lens import SAE
from sae_lens.analysis.sae_transformer_bridge import SAETransformerBridge
from stage import strongest, together
from transformers import AutoModelForCausalLM, AutoTokenizer


class Way:
    """`run_with_cache_with_saes`, one hook kept, stopped after the block that the SAE reads; dense activations pooled."""

    PACKAGES = ("sae-lens", "transformer-lens", "transformers")
    BATCHES = (1, 4, 8, 16)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch = given, batch
        folder = str(given.folder / "model")
        hf_model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()
        self.model = SAETransformerBridge.boot_transformers(
            folder, hf_model=hf_model, tokenizer=AutoTokenizer.from_pretrained(folder), dtype=dtype, device="cpu"
        )
        self.sae = SAE.load_from_disk(given.folder / "sae", dtype=str(dtype).removeprefix("torch."))

    def encode(self, rows: range) -> list[tuple[np.ndarray, ...]]:
        found, stop = [], self.given.about["n_blocks"]
        for first in range(0, len(rows), self.batch):
            some = rows[first : first + self.batch]
            ids, mask = self.given.padded(some)
            _, cache = self.model.run_with_cache_with_saes(
                ids, saes=[self.sae], stop_at_layer=stop, names_filter=lambda name: name.endswith("hook_sae_acts_post")
            )
            (acts,) = cache.values()
            found.append(strongest(acts, mask, some))
        return found

    def pooled(self, found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        return together(found)
