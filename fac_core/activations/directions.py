"""Where the features of a SAE point: decoder directions, and the tokens that they promote.

A feature writes its decoder row into the residual stream. Read through the model's last norm and its unembedding, that
row says which next tokens the feature makes likelier: the "logit lens" (nostalgebraist 2020) of a feature.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from safetensors import safe_open

from fac_core.activations.reopen import run_sae
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.space import model_folder
from fac_core.errors import NotFound
from fac_core.models.truncated import load_tokenizer
from fac_core.store.runs.info import RunInfo

_UNEMBEDDING = ("lm_head.weight", "embed_out.weight", "model.embed_tokens.weight", "gpt_neox.embed_in.weight")
"""Names of the unembedding, in this order: with tied weights it is the embedding."""
_LAST_NORM = ("model.norm.weight", "gpt_neox.final_layer_norm.weight")
_ROWS = 512
"""Features at a time: their logits over the vocabulary stay under 100 MB."""


def decoder_directions(sae: SparseAutoencoder) -> np.ndarray:
    """float32 `[d_sae, d_model]`, each row of length 1 (a latent without a direction stays 0)."""
    W = sae.W_dec.float()
    return (W / W.norm(dim=1, keepdim=True).clamp_min(1e-8)).numpy()


@torch.inference_mode()
def promoted_tokens(model: str, directions: np.ndarray, n: int = 10) -> pa.Table:
    """Read directions `[d_sae, d_model]` through the model's last norm and unembedding; no forward pass is made.

    Returns table `logits` of a space file: the n tokens that each direction promotes most, and the n that it suppresses.

    The gain of the norm is applied; its division by the stream's length is not, for it is the same for all tokens. Logits
    are those of a step of length 1 along the direction. Raises `NotFound` where the weights hold no unembedding.
    """
    unembedding, gain = _first(model, _UNEMBEDDING), _first(model, _LAST_NORM, needed=False)
    if unembedding is None:
        raise NotFound(f"The weights of {model!r} hold no unembedding among {', '.join(_UNEMBEDDING)}.")
    d = torch.from_numpy(directions)
    if gain is not None:
        architecture = (model_folder(model) / "config.json").read_text(encoding="utf-8").lower()
        d = d * (1 + gain if "gemma" in architecture else gain)  # Gemma stores its gains around 0
    tokenizer = load_tokenizer(model)
    texts = np.array([tokenizer.decode([i]) for i in range(len(unembedding))], dtype=object)
    found: dict[int, list[torch.return_types.topk]] = {1: [], -1: []}
    for block in d.split(_ROWS):
        logits = block @ unembedding.T
        for sign, parts in found.items():
            parts.append(logits.topk(n, dim=1, largest=sign == 1))
    return pa.concat_tables(
        pa.table(
            {
                "feature_id": np.repeat(np.arange(len(d), dtype=np.uint32), n),
                "sign": np.full(len(d) * n, sign, dtype=np.int8),
                "rank": np.tile(np.arange(1, n + 1, dtype=np.uint8), len(d)),
                "token": pa.array(
                    texts[torch.cat([part.indices for part in parts]).ravel().numpy()].tolist(), pa.string()
                ),
                "logit": torch.cat([part.values for part in parts]).ravel().numpy(),
            }
        )
        for sign, parts in found.items()
    )


def _first(model: str, names: tuple[str, ...], *, needed: bool = True) -> torch.Tensor | None:
    """The first tensor of these names in the model's safetensors, float32."""
    files = sorted(model_folder(model).glob("*.safetensors"))
    if not files and needed:
        raise NotFound(f"{model!r} has no safetensors to read the unembedding from.")
    for name in names:
        for file in files:
            with safe_open(file, framework="pt") as tensors:
                if name in tensors.keys():  # noqa: SIM118 - safe_open is no mapping
                    return tensors.get_tensor(name).float()
    return None


def space_weights(info: RunInfo) -> tuple[np.ndarray, pa.Table]:
    """Of a run's feature space: the directions `[d_sae, d_model]`, and table `logits` of a space file.

    Raises `ModelMismatch` if model or SAE at hand are not those that the run was encoded with.
    """
    directions = decoder_directions(run_sae(info))
    return directions, promoted_tokens(info.model, directions)
