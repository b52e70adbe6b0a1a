"""The plain way: what one writes first with transformers and sae-lens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from sae_lens import SAE
from scipy import sparse
from transformers import AutoModelForCausalLM


class Way:
    """The whole model, padded batches in the order given, `output_hidden_states`, `sae.encode`, the maximum over tokens."""

    PACKAGES = ("transformers", "sae-lens")
    BATCHES = (1, 4, 8, 16)

    def __init__(self, given: Any, dtype: torch.dtype, batch: int) -> None:
        self.given, self.batch = given, batch
        self.model: Any = AutoModelForCausalLM.from_pretrained(given.folder / "model", dtype=dtype).eval()
        self.sae = SAE.load_from_disk(given.folder / "sae", dtype=str(dtype).removeprefix("torch."))

    def encode(self, rows: range) -> Any:
        found = []
        for first in range(0, len(rows), self.batch):
            ids, mask = self.given.padded(rows[first : first + self.batch])
            states = self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
            mask[:, 0] = 0  # the start token is no content
            acts = self.sae.encode(states[self.given.about["n_blocks"]])
            found.append(sparse.csr_matrix((acts * mask.unsqueeze(-1)).amax(dim=1).float().numpy()))
        return sparse.vstack(found, format="csr")

    def pooled(self, found: sparse.csr_matrix) -> tuple[np.ndarray, ...]:
        table = found.tocoo()
        return table.row, table.col, table.data

    def store(self, found: sparse.csr_matrix, folder: Path) -> None:
        folder.mkdir()
        sparse.save_npz(folder / "pooled.npz", found)

    def bytes_and_activations(self, folder: Path) -> tuple[int, int]:
        return (folder / "pooled.npz").stat().st_size, sparse.load_npz(folder / "pooled.npz").nnz

    def answers(self, folder: Path) -> dict[str, Any]:
        def opened() -> Any:
            return sparse.load_npz(folder / "pooled.npz").tocsc()

        def top(matrix: Any, feature: int, n: int) -> list[int]:
            a, b = matrix.indptr[feature], matrix.indptr[feature + 1]
            return matrix.indices[a:b][np.argsort(-matrix.data[a:b], kind="stable")[:n]].tolist()

        def top_of_all() -> int:
            matrix = opened()
            return sum(len(top(matrix, feature, 20)) for feature in range(matrix.shape[1]))

        def fac() -> list[int]:
            strongest = opened().max(axis=0).toarray()
            return [int((strongest > delta).sum()) for delta in self.given.about["thresholds"]]

        about = self.given.about
        return {"top_of_one": lambda: top(opened(), about["feature"], 10), "top_of_all": top_of_all, "fac": fac}
