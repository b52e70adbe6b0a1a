"""What to train, as one frozen value: the flags of `fac train-sae`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides what the trained SAE will be, apart from its texts."""

    model: str
    """Name, hub id or path of the language model."""
    n_blocks: int
    """The SAE reads the residual stream after this many blocks."""
    d_sae: int
    """Number of latents."""
    k: int
    """Latents active at a token: exactly (topk) or on average (batchtopk)."""
    total_tokens: int
    """Tokens to train on, repetitions included."""
    architecture: Literal["topk", "batchtopk"] = "topk"
    """A batchtopk SAE is saved as jumprelu, as sae-lens does."""
    context: int = 256
    """Tokens of a text window, BOS included."""
    batch_tokens: int = 2048
    lr: float = 1e-3
    warm_up_steps: int = 50
    decay_share: float = 0.2
    """Share of the steps, at the end, over which the learning rate falls to zero."""
    dead_after_tokens: int = 400_000
    """A latent silent for that long is dead, and the auxiliary loss tries to revive it."""
    aux_coefficient: float = 1.0
    """Weight of the auxiliary loss."""
    checkpoint_steps: int = 200
    seed: int = 0

    @property
    def hook_name(self) -> str:
        return f"blocks.{self.n_blocks - 1}.hook_resid_post"

    @property
    def n_steps(self) -> int:
        return self.total_tokens // self.batch_tokens
