"""The slow, obvious encoder: one text at a time, all layers, plain sae-lens, numpy. Every fast path must equal it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sae_lens import SAE
from transformers import AutoModelForCausalLM

from fac_core.models.tokens import Tokens


def pooled(model_folder: Path, sae_folder: Path, n_blocks: int, tokens: list[Tokens]) -> np.ndarray:
    """`[samples, d_sae]`: max over content tokens of what sae-lens encodes from `output_hidden_states`."""
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32).eval()
    sae = SAE.load_from_disk(sae_folder, dtype="float32")
    rows = []
    for one in tokens:
        with torch.no_grad():
            output = model(input_ids=torch.from_numpy(one.input_ids)[None], output_hidden_states=True)
            h = output.hidden_states[n_blocks][0][torch.from_numpy(one.content)]
            rows.append(sae.encode(h).max(dim=0).values.numpy())
    return np.stack(rows)


def paper(h: torch.Tensor, W: torch.Tensor, b_enc: torch.Tensor, b_dec: torch.Tensor, delta: float) -> list[int]:
    """The paper's code path (reference, 6.4): dense ReLU, max over tokens, strictly above δ. `h [content, d_model]`."""
    return torch.nonzero(torch.relu((h - b_dec) @ W + b_enc).amax(0) > delta).flatten().tolist()
