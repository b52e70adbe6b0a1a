"""sae-lens without TransformerLens's model: `HookedProxyLM`, hooks around the model of transformers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sae_lens import SAE
from sae_lens.load_model import load_model
from stage import strongest, together


class Way:
    """`run_with_cache` with one name, stopped after the block that the SAE reads; `sae.encode`, dense activations pooled."""

    PACKAGES = ("sae-lens", "transformer-lens", "transformers")
    BATCHES = (1, 4, 8, 16)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch = given, batch
        self.layer = f"model.layers.{given.about['n_blocks'] - 1}"
        self.model = load_model(
            "AutoModelForCausalLM",
            str(given.folder / "model"),
            device="cpu",
            model_from_pretrained_kwargs={"dtype": dtype},
            hook_names=[self.layer],
        ).eval()
        self.sae = SAE.load_from_disk(given.folder / "sae", dtype=str(dtype).removeprefix("torch."))

    def encode(self, rows: range) -> list[tuple[np.ndarray, ...]]:
        found = []
        for first in range(0, len(rows), self.batch):
            some = rows[first : first + self.batch]
            ids, mask = self.given.padded(some)
            _, cache = self.model.run_with_cache(
                ids, names_filter=[self.layer], stop_at_layer=self.given.about["n_blocks"], prepend_bos=False
            )
            found.append(strongest(self.sae.encode(cache[self.layer]), mask, some))
        return found

    def pooled(self, found: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
        return together(found)
