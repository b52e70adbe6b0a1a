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
import json
import pickle  # only for the name of its error: nothing is ever unpickled
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from safetensors import SafetensorError

from fac_core.activations.spec import Mode
from fac_core.errors import BadInput, ModelMismatch, NotFound
from fac_core.models.truncated import blocks_before

if TYPE_CHECKING:
    from sae_lens import SAE

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "sae"
"""The SAEs that come with the project, in folders that begin with the name of their model."""


@dataclass(frozen=True)
class SparseAutoencoder:
    """The reading half of a SAE, with its decoder kept for directions. Tensors are float32."""

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
    """`[d_model, d_sae]`, with the decoder-norm rescaling folded in."""
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
    W_dec: torch.Tensor
    """`[d_sae, d_model]`: the features' directions."""
    mode: str = "native"
    """Activation mode as it is stored in a run: `topk-32`, `jumprelu`, `dense` …"""

    @property
    def d_model(self) -> int:
        return self.W.shape[0]

    @property
    def d_sae(self) -> int:
        return self.W.shape[1]

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

    def to(self, device: str) -> SparseAutoencoder:
        """The same SAE with its tensors on another device."""
        tensors = {key: value.to(device) for key, value in vars(self).items() if isinstance(value, torch.Tensor)}
        return replace(self, **tensors)

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
        BadInput: the file is damaged.
    """
    path = Path(name)
    if path.suffix in {".pth", ".pt"}:
        sae = _from_paper_checkpoint(path, hook_name)
    else:
        sae = _from_sae_lens(str(name), hook_name)
    blocks_before(sae.hook_name)  # a hook that cannot be read is an error now, not after the model is loaded
    return sae.in_mode("native")


def default_sae(model: str) -> str:
    """Name of the SAE that ships for a model, of several the widest. Raises `NotFound` when there is none."""
    folders = {cfg.parent.name: cfg for cfg in SHIPPED.glob("*/cfg.json") if cfg.parent.name.startswith(f"{model}-")}
    shipped = {name: json.loads(cfg.read_text())["d_sae"] for name, cfg in folders.items()}
    if not shipped:
        raise NotFound(f"No SAE ships for {model!r}; give one with --sae (a folder, or release/sae_id).")
    return max(sorted(shipped), key=shipped.__getitem__)


def sae_folder(name: str) -> Path | None:
    """Folder of a SAE that ships or lies on this machine; None for a file or one from a hub."""
    shipped = SHIPPED / name
    folder = shipped if (shipped / "cfg.json").is_file() else Path(name)
    return folder if folder.is_dir() else None


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


def _from_sae_lens(name: str, hook_name: str | None) -> SparseAutoencoder:
    sae = _load_with_sae_lens(name)
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
    return SparseAutoencoder(
        name=name,
        architecture=architecture,
        hook_name=hook_name or _required_hook(cfg.metadata.hook_name, name),
        model_name=cfg.metadata.model_name,
        sha256=_digest(W, b, threshold, scale, shift),
        W=W,
        b=b,
        threshold=threshold,
        scale=scale,
        shift=shift,
        k=k,
        input_norm=norm if norm in {"constant_norm_rescale", "layer_norm"} else "none",
        W_dec=weights["W_dec"],
    )


def _load_with_sae_lens(name: str) -> SAE:
    from sae_lens import SAE  # takes seconds, which an actor that is sent a loaded SAE need not wait

    folder = sae_folder(name)
    if folder is not None:
        if not (folder / "cfg.json").is_file():
            raise NotFound(f"{folder} has no cfg.json, so it is not a SAE that sae-lens saved.")
        try:
            return SAE.load_from_disk(folder, dtype="float32")
        except (KeyError, ValueError, RuntimeError, OSError, SafetensorError) as error:
            raise BadInput(f"{folder} cannot be read as a SAE ({error}). Save it anew with sae-lens.") from error
    release, _, sae_id = name.partition("/")
    if not sae_id:
        raise NotFound(
            f"No SAE at {name!r}. Give a folder that sae-lens saved, a paper checkpoint (.pth), or release/sae_id."
        )
    try:
        return SAE.from_pretrained(release, sae_id, dtype="float32")
    except (ValueError, OSError) as error:
        first_line = str(error).splitlines()[0]
        raise NotFound(
            f"No SAE {sae_id!r} in release {release!r} ({first_line}). Is the folder spelt right?"
        ) from error


def _from_paper_checkpoint(path: Path, hook_name: str | None) -> SparseAutoencoder:
    """The released checkpoints of arXiv 2602.10388: tied weights W, b_enc, b_dec; layer in the file name, counted from 1."""
    if not path.is_file():
        raise NotFound(f"There is no SAE file {path}.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise BadInput(f"{path} cannot be read as tensors only ({type(error).__name__}). Download it anew.") from error
    missing = {"W", "b_enc", "b_dec"} - set(state)
    if missing:
        raise BadInput(f"{path} lacks {', '.join(sorted(missing))}; a paper checkpoint has W, b_enc and b_dec.")
    W, b_enc, b_dec = (state[key].float() for key in ("W", "b_enc", "b_dec"))
    d_sae = len(b_enc)
    zeros = torch.zeros(d_sae)
    return SparseAutoencoder(
        name=str(path),
        architecture="paper-topk",
        hook_name=hook_name or _hook_of_file_name(path),
        model_name=None,
        sha256=_digest(W, b_enc, b_dec),
        W=W,
        b=b_enc - b_dec @ W,
        threshold=zeros,
        scale=torch.ones(d_sae),
        shift=zeros,
        k=20,  # the paper's K at inference (App. J)
        input_norm="none",
        W_dec=W.T.contiguous(),
    )


def _hook_of_file_name(path: Path) -> str:
    for part in path.stem.split("_"):
        if part.startswith("l") and part[1:].isdigit():
            return f"blocks.{int(part[1:]) - 1}.hook_resid_post"
    raise ModelMismatch(f"{path.name} does not say its layer as _l16_; give --hook blocks.15.hook_resid_post.")


def _required_hook(hook_name: str | None, name: str) -> str:
    if hook_name is None:
        raise ModelMismatch(f"The SAE {name} does not say which layer it reads; give --hook blocks.15.hook_resid_post.")
    return hook_name


def _digest(*tensors: torch.Tensor) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()
