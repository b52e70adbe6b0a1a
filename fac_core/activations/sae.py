"""A sparse autoencoder reduced to what reading needs: one affine map and one activation rule.

sae-lens loads (standard, gated, JumpReLU, TopK, BatchTopK saved as JumpReLU); here every architecture is
brought to the same form, so that the encoder has one path instead of five:

    z = norm(h) @ W + b                                     [tokens, d_sae]
    g = relu(z * scale + shift)  where z > threshold, else 0
    and, for Top-K, only where z is among the k largest of its token

All of it but Top-K is elementwise and non-decreasing in z, which is why `max over tokens` and the activation
commute (performance notes in `encoder.py`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch

from fac_core.activations.saes.named import load_with_sae_lens
from fac_core.activations.saes.paper_checkpoint import hook_of_file_name, paper_decoder, paper_weights
from fac_core.activations.spec import Mode
from fac_core.errors import BadInput, ModelMismatch
from fac_core.models.truncated import blocks_before

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SparseAutoencoder:
    """The reading half of a SAE. Tensors are float32, but for those that are multiplied with where `to` says so.

    Of 131,072 latents by 4,096 dimensions a matrix takes 2.1 GB: so W is here once, and the decoder is not, until asked for.
    """

    name: str
    """As the user gave it: a folder, a file, or `release/sae_id`."""
    architecture: str
    """As sae-lens names it: standard, gated, jumprelu, topk; `paper-topk` for the paper's checkpoints."""
    hook_name: str
    """Where in the model it reads, e.g. `blocks.15.hook_resid_post`."""
    model_name: str | None
    """The model it was trained on, if it says so."""
    sha256: str
    """Of all weights that matter for reading."""
    W: torch.Tensor
    """`[d_model, d_sae]`, with the decoder-norm rescaling folded in. Latent by latent in memory: `W.T` is contiguous."""
    b: torch.Tensor
    """`[d_sae]`, with the decoder bias folded in."""
    threshold: torch.Tensor
    """`[d_sae]`: a feature is silent where `z <= threshold`."""
    scale: torch.Tensor
    """`[d_sae]`: 1 except for gated SAEs."""
    shift: torch.Tensor
    """`[d_sae]`: 0 except for gated SAEs."""
    k: int | None
    """Of Top-K; `None` where every token may fire any number of features."""
    input_norm: Literal["none", "constant_norm_rescale", "layer_norm"]
    """How each token's residual is normalised before the affine map."""
    decoder: Callable[[], torch.Tensor]
    """Reads `W_dec` from where the SAE came from."""
    mode: str = "native"
    """Activation mode as it is stored in a run: `topk-32`, `jumprelu`, `dense` …"""

    @property
    def d_model(self) -> int:
        return self.W.shape[0]

    @property
    def d_sae(self) -> int:
        return self.W.shape[1]

    @property
    def W_dec(self) -> torch.Tensor:  # noqa: N802 - what the field writes
        """`[d_sae, d_model]` float32: the features' directions. Read anew each time, for encoding needs none of it."""
        return self.decoder()

    @property
    def n_blocks(self) -> int:
        """How many blocks of the model have to run before the SAE can read."""
        return blocks_before(self.hook_name)

    def in_mode(self, mode: Mode, k: int | None = None) -> SparseAutoencoder:
        """The same SAE read in another activation mode (DESIGN, "Definitions that bite", 1).

        `native` is the SAE's own inference activation; `topk` keeps the k largest of each token (its own
        k unless given); `dense` is ReLU over all latents, which is what the paper's code does.
        """
        if mode == "native":
            return replace(self, mode=f"topk-{self.k}" if self.k else self.architecture)
        if mode == "dense":
            never = torch.full_like(self.threshold, -torch.inf)
            return replace(self, mode="dense", k=None, threshold=never)
        chosen = k or self.k
        if chosen is None or not 0 < chosen <= self.d_sae:
            raise ModelMismatch(
                f"Mode topk needs k between 1 and {self.d_sae}: {self.name} is a {self.architecture} SAE, give --k."
            )
        return replace(self, mode=f"topk-{chosen}", k=chosen)

    def to(self, device: str, dtype: torch.dtype = torch.float32) -> SparseAutoencoder:
        """The same SAE with its tensors on another device, and W and b in another dtype. What fits already is not copied."""
        tensors = {key: value.to(device) for key, value in vars(self).items() if isinstance(value, torch.Tensor)}
        return replace(self, **{**tensors, "W": self.W.to(device, dtype), "b": self.b.to(device, dtype)})

    def normalised(self, h: torch.Tensor) -> torch.Tensor:
        """The input normalisation that the SAE was trained with, token by token. `[..., d_model]`."""
        if self.input_norm == "constant_norm_rescale":
            return h * (self.d_model**0.5 / h.norm(dim=-1, keepdim=True))
        if self.input_norm == "layer_norm":
            centred = h - h.mean(dim=-1, keepdim=True)
            return centred / (centred.std(dim=-1, keepdim=True) + 1e-5)
        return h

    def activated(self, z: torch.Tensor, columns: slice | torch.Tensor = slice(None)) -> torch.Tensor:
        """The elementwise part of the activation rule; the last dimension of z is the chosen columns."""
        g = torch.relu(z * self.scale[columns] + self.shift[columns])
        return torch.where(z > self.threshold[columns], g, 0.0)


def load_sae(name: str | Path, *, hook_name: str | None = None) -> SparseAutoencoder:
    """Load a SAE in its native mode.

    Args:
        name: one that ships, a sae-lens folder, a paper checkpoint `TopK7_l16_h65536_epoch3.pth`, or `release/sae_id`.
        hook_name: needed only where the SAE does not say which layer it reads.

    Raises:
        NotFound: there is no such SAE.
        ModelMismatch: its architecture or hook cannot be read by this engine.
        BadInput: the file is damaged, or its numbers are no SAE.
    """
    path = Path(name)
    if path.suffix in {".pth", ".pt"}:
        sae = _from_paper_checkpoint(path, hook_name)
    else:
        sae = _from_sae_lens(str(name), hook_name)
    _check_sound(sae)
    blocks_before(sae.hook_name)  # a hook that cannot be read is an error now, not after the model is loaded
    return sae.in_mode("native")


def check_fit(sae: SparseAutoencoder, *, model: str, d_model: int, n_layers: int) -> None:
    """Raise `ModelMismatch`, naming both, when the SAE cannot read this model."""
    if sae.d_model != d_model:
        raise ModelMismatch(
            f"The SAE {sae.name} reads {sae.d_model} dimensions, but {model} has {d_model}. Choose a SAE of this model."
        )
    if sae.n_blocks > n_layers:
        raise ModelMismatch(
            f"The SAE {sae.name} reads {sae.hook_name}, but {model} has only {n_layers} blocks. Choose a SAE of this model."
        )


def _check_sound(sae: SparseAutoencoder) -> None:
    """Raise `BadInput` for weights that no training left so: they would encode, and nothing would be true of the result."""
    if any(getattr(sae, name).shape != (sae.d_sae,) for name in ("b", "threshold", "scale", "shift")):
        raise BadInput(f"The SAE {sae.name} has biases of another number than its {sae.d_sae} latents. Save it anew.")
    broken = [n for n in ("W", "b", "scale", "shift") if not bool(torch.isfinite(getattr(sae, n)).all())]
    if broken or bool(sae.threshold.isnan().any()):
        raise BadInput(
            f"The SAE {sae.name} has weights that are not finite numbers. Its training failed, or the file is damaged."
        )
    if sae.k is not None and not 0 < sae.k <= sae.d_sae:
        raise BadInput(
            f"The SAE {sae.name} keeps k = {sae.k} of its {sae.d_sae} latents, which makes no sense. Mend its cfg.json."
        )


def _from_sae_lens(name: str, hook_name: str | None) -> SparseAutoencoder:
    sae = load_with_sae_lens(name)
    cfg = sae.cfg
    architecture = cfg.architecture()
    if cfg.reshape_activations != "none":
        raise ModelMismatch(f"The SAE {name} reads single attention heads; only the residual stream is supported.")
    weights = {key: value.detach().float() for key, value in sae.state_dict().items()}
    W, b_dec = weights["W_enc"], weights["b_dec"]
    # apply_b_dec_to_input: (h - b_dec) W + b = h W + (b - b_dec W)
    from_b_dec = -(b_dec @ W) if cfg.apply_b_dec_to_input else torch.zeros(W.shape[1])
    zeros, ones = torch.zeros(W.shape[1]), torch.ones(W.shape[1])
    threshold, scale, shift, k = zeros, ones, zeros, None
    if architecture == "gated":
        # The gate and the magnitude share W. With z := gate pre-activation, the magnitude is affine in z.
        b = weights["b_gate"] + from_b_dec
        scale = weights["r_mag"].exp()
        shift = weights["b_mag"] - weights["b_gate"] * scale
    elif architecture in {"standard", "jumprelu", "topk"}:
        b = weights["b_enc"] + from_b_dec
    else:
        raise ModelMismatch(
            f"The SAE {name} is of architecture {architecture!r}; supported: standard, gated, jumprelu, topk"
            " (a BatchTopK SAE is saved as jumprelu)."
        )
    if architecture == "jumprelu":
        threshold = weights["threshold"]
    if architecture == "topk":
        k = int(cfg.k)
        if cfg.rescale_acts_by_decoder_norm:
            norms = weights["W_dec"].norm(dim=-1)
            W, b = W * norms, b * norms
    norm = cfg.normalize_activations
    if norm not in {"none", "constant_norm_rescale", "layer_norm"}:
        logger.warning("%s was trained on activations scaled by numbers that it does not hold (%s).", name, norm)
    return SparseAutoencoder(
        name=name,
        architecture=architecture,
        hook_name=hook_name or _required_hook(cfg.metadata.hook_name, name),
        model_name=cfg.metadata.model_name,
        sha256=_digest(W, b, threshold, scale, shift),
        W=_by_latent(W),
        b=b,
        threshold=threshold,
        scale=scale,
        shift=shift,
        k=k,
        input_norm=norm if norm in {"constant_norm_rescale", "layer_norm"} else "none",
        decoder=partial(_decoder, name),
    )


def _by_latent(W: torch.Tensor) -> torch.Tensor:
    """`[d_model, d_sae]` laid out as products want it: each latent's numbers side by side."""
    return W.T.contiguous().T


def _decoder(name: str) -> torch.Tensor:
    return load_with_sae_lens(name).state_dict()["W_dec"].detach().float()


def _from_paper_checkpoint(path: Path, hook_name: str | None) -> SparseAutoencoder:
    W, b_enc, b_dec = paper_weights(path)
    d_sae = len(b_enc)
    zeros = torch.zeros(d_sae)
    return SparseAutoencoder(
        name=str(path),
        architecture="paper-topk",
        hook_name=hook_name or hook_of_file_name(path),
        model_name=None,
        sha256=_digest(W, b_enc, b_dec),
        W=_by_latent(W),
        b=b_enc - b_dec @ W,
        threshold=zeros,
        scale=torch.ones(d_sae),
        shift=zeros,
        k=20,  # the paper's K at inference (App. J)
        input_norm="none",
        decoder=partial(paper_decoder, path),
    )


def _required_hook(hook_name: object, name: str) -> str:
    if not isinstance(hook_name, str):
        raise ModelMismatch(f"The SAE {name} does not say which layer it reads; give --hook blocks.15.hook_resid_post.")
    return hook_name


def _digest(*tensors: torch.Tensor) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.contiguous().numpy().data)
    return digest.hexdigest()
