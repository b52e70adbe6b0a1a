"""The encoder that made a run, made again: what is not in a run yet is read exactly as the run was."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from fac_core.activations.encoder import Encoder
from fac_core.activations.sae import SparseAutoencoder, load_sae
from fac_core.activations.space import model_hash
from fac_core.activations.spec import spec_of
from fac_core.errors import ModelMismatch
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import TruncatedModel, load_tokenizer
from fac_core.store.runs.info import RunInfo


@dataclass(frozen=True)
class Reader:
    """Tokenizer and encoder of one run."""

    tokenizer: SampleTokenizer
    encoder: Encoder


def reopen(info: RunInfo, *, device: str = "cpu") -> Reader:
    """Load what a run was encoded with, in its dtype. Raises `ModelMismatch` if model or SAE at hand are others."""
    spec, sae = spec_of(info), run_sae(info)
    dtype = torch.bfloat16 if spec.dtype == "bfloat16" else torch.float32
    model = TruncatedModel(info.model, sae.n_blocks, device=device).computing_in(dtype)
    tokenizer = SampleTokenizer(load_tokenizer(info.model), context=spec.context, roles=spec.roles)
    return Reader(tokenizer, Encoder(model, sae))


def run_sae(info: RunInfo) -> SparseAutoencoder:
    """The SAE of a run in the run's activation mode. Raises `ModelMismatch` if the files at hand are others."""
    spec = spec_of(info)
    sae = load_sae(spec.sae, hook_name=spec.hook)
    if sae.sha256 != info.sae_hash or model_hash(info.model) != info.model_hash:
        raise ModelMismatch(
            f"{info.model!r} and {info.sae!r} are not what run {info.name!r} was encoded with: their files differ."
        )
    return sae.in_mode(spec.mode, spec.k)
