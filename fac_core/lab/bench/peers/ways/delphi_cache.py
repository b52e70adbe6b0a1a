"""delphi: `LatentCache`, with the encode function that its sparsify loader makes."""
# pyright: reportMissingImports=false

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from delphi.latents.cache import LatentCache
from delphi.sparse_coders.load_sparsify import sae_dense_latents
from safetensors.numpy import load_file as load_arrays
from safetensors.torch import load_file
from sparsify import SparseCoder, SparseCoderConfig
from transformers import AutoModel

_SPLITS = 5
"""The default of its configuration."""


class Way:
    """All blocks of `AutoModel`; every token's non-zero latents stay in memory; windows of one length, so texts are padded."""

    PACKAGES = ("eai-delphi", "eai-sparsify", "transformers")
    BATCHES = (1, 4, 8)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch = given, batch
        about = given.about
        self.model = AutoModel.from_pretrained(given.folder / "model", dtype=dtype).eval()
        self.sae = SparseCoder(about["d_model"], SparseCoderConfig(num_latents=about["d_sae"], k=about["k"]))
        self.sae.load_state_dict(load_file(given.folder / "folded.safetensors"))
        self.sae.to(dtype)
        self.hook = f"layers.{about['n_blocks'] - 1}"

    def encode(self, rows: range) -> LatentCache:
        ids, _ = self.given.padded(rows)
        # The cache leaves out a last batch that is not full: rows of padding fill it.
        ids = torch.cat([ids, torch.zeros(-len(ids) % self.batch, ids.shape[1], dtype=torch.long)])
        cache = LatentCache(self.model, {self.hook: partial(sae_dense_latents, sae=self.sae)}, batch_size=self.batch)
        cache.run(ids.numel(), ids)
        return cache

    def pooled(self, found: LatentCache) -> tuple[np.ndarray, ...]:
        at, values = found.cache.latent_locations[self.hook].numpy(), found.cache.latent_activations[self.hook]
        return self._strongest(at, values.float().numpy())

    def store(self, found: LatentCache, folder: Path) -> None:
        found.save_splits(_SPLITS, folder)

    def bytes_and_activations(self, folder: Path) -> tuple[int, int]:
        files = list((folder / self.hook).glob("*.safetensors"))
        return sum(f.stat().st_size for f in files), sum(len(load_arrays(f)["activations"]) for f in files)

    def answers(self, folder: Path) -> dict[str, Any]:
        about = self.given.about
        files = {int(f.stem.split("_")[0]): f for f in (folder / self.hook).glob("*.safetensors")}

        def split(first: int) -> tuple[np.ndarray, ...]:
            kept = load_arrays(files[first])
            at = kept["locations"].astype(np.int64)
            at[:, 2] += first
            return self._strongest(at, kept["activations"].astype(np.float32))

        def top_of_one() -> list[int]:
            sample, feature, value = split(max(first for first in files if first <= about["feature"]))
            mine = feature == about["feature"]
            return sample[mine][np.argsort(-value[mine], kind="stable")[:10]].tolist()

        def top_of_all() -> int:
            found = 0
            for first in files:
                _, feature, value = split(first)
                order = np.lexsort((-value, feature))
                _, counts = np.unique(feature[order], return_counts=True)
                found += int(np.minimum(counts, 20).sum())
            return found

        def fac() -> list[int]:
            most = np.zeros(about["d_sae"], dtype=np.float32)
            for first in files:
                _, feature, value = split(first)
                np.maximum.at(most, feature, value)
            return [int((most > delta).sum()) for delta in about["thresholds"]]

        return {"top_of_one": top_of_one, "top_of_all": top_of_all, "fac": fac}

    def _strongest(self, at: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of each sample and latent the maximum over content: neither the start token nor padding, which it stores as well."""
        lengths = np.array([len(ids) for ids in self.given.ids])
        real = at[:, 0] < len(lengths)
        at, values = at[real], values[real]
        content = (at[:, 1] > 0) & (at[:, 1] < lengths[at[:, 0]])
        at, values = at[content], values[content]
        keys = at[:, 0] * self.given.about["d_sae"] + at[:, 2]
        order = np.lexsort((-values, keys))
        keys, first = np.unique(keys[order], return_index=True)
        return (*np.divmod(keys, self.given.about["d_sae"]), values[order][first])
