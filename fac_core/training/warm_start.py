"""Begin a training with the weights of another SAE: its features are there from the first step, and are taught further."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from sae_lens import TrainingSAE

from fac_core.activations.saes.named import load_with_sae_lens
from fac_core.errors import ModelMismatch

_READ = ("W_enc", "b_enc", "W_dec", "b_dec")


@dataclass(frozen=True)
class WarmStart:
    """Weights of a SAE in the units of the model's own activations; float32."""

    name: str
    W_enc: torch.Tensor
    """`[d_model, d_sae]`"""
    b_enc: torch.Tensor
    """`[d_sae]`, as it is where the decoder's bias is subtracted from the input."""
    W_dec: torch.Tensor
    """`[d_sae, d_model]`"""
    b_dec: torch.Tensor
    """`[d_model]`"""

    @property
    def identity(self) -> str:
        """A hash of the weights: the same SAE under another name begins the same training."""
        tensors = (self.W_enc, self.b_enc, self.W_dec, self.b_dec)
        return hashlib.sha256(b"".join(tensor.contiguous().numpy().tobytes() for tensor in tensors)).hexdigest()[:16]

    def check_width(self, d_model: int) -> None:
        """Raise `ModelMismatch` where the model has another width."""
        if len(self.b_dec) != d_model:
            raise ModelMismatch(
                f"{self.name} reads {len(self.b_dec):,} dimensions, and the model has {d_model:,}. Begin from a SAE of this model,"
                " or of one that it was made from."
            )

    @torch.no_grad()
    def put_into(self, sae: TrainingSAE[Any], scale: float) -> None:
        """Write the weights into a SAE whose inputs are the model's activations times `scale`."""
        scaled = {
            "W_enc": self.W_enc / scale,
            "b_enc": self.b_enc,
            "W_dec": self.W_dec * scale,
            "b_dec": self.b_dec * scale,
        }
        parameters = dict(sae.named_parameters())
        for name, tensor in scaled.items():
            parameters[name].copy_(tensor)


def warm_start(name: str, *, d_sae: int) -> WarmStart:
    """The weights to begin with. Raises `ModelMismatch` for a SAE of another shape or form, and what loading it raises.

    Args:
        d_sae: latents of the SAE that is to be trained.
    """
    sae = load_with_sae_lens(name)
    if sae.cfg.d_sae != d_sae:
        raise ModelMismatch(
            f"{name} has {sae.cfg.d_sae:,} latents, and the training is of {d_sae:,}. Begin from a SAE of the same shape, or say"
            f" --latents {sae.cfg.d_sae}."
        )
    weights = {key: value.detach().float() for key, value in sae.state_dict().items()}
    if not set(_READ) <= set(weights) or sae.cfg.normalize_activations not in ("none", "expected_average_only_in"):
        raise ModelMismatch(
            f"{name} is a {sae.cfg.architecture()} SAE (input normalisation {sae.cfg.normalize_activations}), whose weights mean"
            " something else than those of a Top-K SAE. Begin from a standard, jumprelu or topk SAE without normalisation."
        )
    if not sae.cfg.apply_b_dec_to_input:  # h W + b = (h - b_dec) W + (b + b_dec W)
        weights["b_enc"] = weights["b_enc"] + weights["b_dec"] @ weights["W_enc"]
    return WarmStart(name, **{key: weights[key] for key in _READ})
