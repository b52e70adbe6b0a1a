"""What to train, as one frozen value: the flags of `fac space train-sae`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from fac_core.errors import WrongUse
from fac_core.models.device import CHOICES, is_a_device

Architecture = Literal["topk", "batchtopk"]


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what the trained SAE will be, apart from its texts."""

    model: str = "smollm2-135m"
    """Name, hub id or path of the language model."""
    n_blocks: int = 12
    """The SAE reads the residual stream after this many blocks."""
    d_sae: int = 4608
    """Number of latents."""
    k: int = 40
    """Latents active at a token: exactly (topk) or on average (batchtopk)."""
    total_tokens: int = 10_000_000
    """Tokens to train on, repetitions included."""
    architecture: Architecture = "topk"
    """A batchtopk SAE is saved as jumprelu, as sae-lens does."""
    context: int = 256
    """Tokens of a text window, BOS included."""
    batch_tokens: int = 2048
    """Tokens of one step."""
    lr: float = 1e-3
    """Highest learning rate."""
    warm_up_steps: int = 50
    """Steps over which the learning rate rises to its highest."""
    decay_share: float = 0.2
    """Share of the steps, at the end, over which the learning rate falls to zero."""
    dead_after_tokens: int = 400_000
    """A latent silent for that long is dead, and the auxiliary loss tries to revive it."""
    aux_coefficient: float = 1.0
    """Weight of the auxiliary loss; topk computes it on an eighth of a batch."""
    checkpoint_steps: int = 200
    """Steps after which the state is kept: what an interruption loses at most."""
    begin_from: str = ""
    """A SAE of the same shape whose weights to begin with, named as in `fac encode --sae`; random ones without."""
    seed: int = 0
    """Of the weights at the start and of the order of tokens."""
    device: str = "auto"
    """Where model and SAE run, as in `fac encode`; a training that is interrupted on one goes on on another."""

    def __post_init__(self) -> None:
        if self.architecture not in get_args(Architecture):
            raise WrongUse(f"architecture is {self.architecture!r}; choose one of {', '.join(get_args(Architecture))}.")
        if not is_a_device(self.device):
            raise WrongUse(f"device is {self.device!r}; choose one of {CHOICES}.")

    @property
    def hook_name(self) -> str:
        return f"blocks.{self.n_blocks - 1}.hook_resid_post"

    @property
    def n_steps(self) -> int:
        return self.total_tokens // self.batch_tokens
