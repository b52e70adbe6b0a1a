"""The checkpoints that the paper's authors released (arXiv 2602.10388): tied weights, the layer in the file's name, from 1."""

from __future__ import annotations

import pickle  # only for the name of its error: nothing is ever unpickled
from pathlib import Path

import torch

from fac_core.errors import BadInput, ModelMismatch, NotFound


def paper_weights(path: Path) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """W `[d_model, d_sae]`, b_enc `[d_sae]` and b_dec `[d_model]`, float32. Raises `NotFound` and `BadInput`."""
    if not path.is_file():
        raise NotFound(f"There is no SAE file {path}.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise BadInput(f"{path} cannot be read as tensors only ({type(error).__name__}). Download it anew.") from error
    shapes = {key: _shape(state, key) for key in ("W", "b_enc", "b_dec")}
    n_inputs, n_latents = shapes["W"] if len(shapes["W"]) == 2 else (0, 0)
    if shapes["b_enc"] != (n_latents,) or shapes["b_dec"] != (n_inputs,):
        said = ", ".join(f"{key} {list(shape)}" for key, shape in shapes.items())
        raise BadInput(
            f"{path} is no paper checkpoint: it has {said}, and should have W [d_model, d_sae], b_enc [d_sae], b_dec [d_model]."
        )
    W, b_enc, b_dec = (state[key].float() for key in ("W", "b_enc", "b_dec"))
    return W, b_enc, b_dec


def _shape(state: object, key: str) -> tuple[int, ...]:
    """Of a tensor in what a file held; of anything else, that of no tensor."""
    value = state.get(key) if isinstance(state, dict) else None
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def paper_decoder(path: Path) -> torch.Tensor:
    """`[d_sae, d_model]` float32: the weights are tied."""
    return paper_weights(path)[0].T.contiguous()


def hook_of_file_name(path: Path) -> str:
    """Where a checkpoint reads, by its name. Raises `ModelMismatch` where the name does not say so.

    >>> hook_of_file_name(Path("TopK7_l16_h65536_epoch3.pth"))
    'blocks.15.hook_resid_post'
    """
    for part in path.stem.split("_"):
        if part.startswith("l") and part[1:].isdigit():
            return f"blocks.{int(part[1:]) - 1}.hook_resid_post"
    raise ModelMismatch(f"{path.name} does not say its layer as _l16_; give --hook blocks.15.hook_resid_post.")
