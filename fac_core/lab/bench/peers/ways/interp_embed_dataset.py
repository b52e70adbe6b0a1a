"""interp-embed: `Dataset` with a `LocalSAE`, as it embeds a list of texts."""
# pyright: reportMissingImports=false

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from interp_embed import Dataset
from interp_embed.saes.local_sae import LocalSAE
from sae_lens import SAE
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoTokenizer


class Local(LocalSAE):
    """Its own class but for where model and SAE come from: `LocalSAE` asks a hub for both."""

    def __init__(self, given: Any, dtype: torch.dtype) -> None:
        super().__init__(device="cpu")
        folder = str(given.folder / "model")
        hf_model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="eager").eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        tokenizer.chat_template = (
            None  # texts are read as they are; with a template their second tokens would not match
        )
        self._kept = (
            SAE.load_from_disk(given.folder / "sae", dtype=str(dtype).removeprefix("torch.")),
            TransformerBridge.boot_transformers(
                folder, hf_model=hf_model, tokenizer=tokenizer, dtype=dtype, device="cpu"
            ),
            tokenizer,
        )

    def load_models(self) -> None:
        self.sae, self.model, self.tokenizer = self._kept


class Way:
    """All blocks, all hooks cached; every text tokenised twice; non-zero latents of every token as one CSR a text."""

    PACKAGES = ("interp-embed", "sae-lens", "transformer-lens", "transformers")
    BATCHES = (1, 4, 8)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch, self.dtype = given, batch, dtype
        self.sae = Local(given, dtype)

    def encode(self, rows: range) -> Dataset:
        texts = [{"text": self.given.about["start"] + self.given.texts[row]} for row in rows]
        return Dataset(texts, self.sae, batch_size=self.batch)

    def pooled(self, found: Dataset) -> tuple[np.ndarray, ...]:
        parts = []
        for row, kept in enumerate(found.rows):
            most = kept.latents("all", compress=True)[1:].max(axis=0).tocoo()  # without the start token
            parts.append((np.full(most.nnz, row), most.coords[-1], most.data))
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    def store(self, found: Dataset, folder: Path) -> None:
        folder.mkdir()
        found.save_to_file(str(folder / "dataset.pkl"))

    def bytes_and_activations(self, folder: Path) -> tuple[int, int]:
        kept = Dataset.load_from_file(str(folder / "dataset.pkl"))
        n = sum(row.latents("all", compress=True).nnz for row in kept.rows)
        return (folder / "dataset.pkl").stat().st_size, n

    def answers(self, folder: Path) -> dict[str, Any]:
        about = self.given.about

        def opened() -> Dataset:
            return Dataset.load_from_file(str(folder / "dataset.pkl"))

        def top_of_all() -> int:
            latents = opened().latents("max", compress=True).tocsc()
            return int(np.minimum(np.diff(latents.indptr), 20).sum())

        def fac() -> list[int]:
            most = opened().latents("max", compress=True).max(axis=0).toarray()
            return [int((most > delta).sum()) for delta in about["thresholds"]]

        return {
            "top_of_one": lambda: len(opened().top_documents_for_feature(about["feature"], k=10)),
            "top_of_all": top_of_all,
            "fac": fac,
        }
