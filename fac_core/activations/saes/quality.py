"""How good a SAE is as a copy of what it reads: on held-out activations, and spliced into its model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sae_lens import SAE

from fac_core.models.token_batches import as_tokens, batches
from fac_core.models.whole_model import blocks_of, changed, whole_model

_BATCH_TOKENS = 1024
"""The logits of a batch stay under 1 GB where a vocabulary has 250,000 words."""


@dataclass(frozen=True)
class Reconstruction:
    """A SAE measured on activations that it was not trained on."""

    fvu: float
    """Fraction of variance unexplained: squared error over squared distance from the mean, both summed."""
    l0: float
    """Mean number of active latents at a token."""
    alive: float
    """Share of the latents that are active at one token at least."""
    often: float
    """Share of the latents that are active at ten tokens at least."""
    median_share: float
    """Share of the tokens at which the median latent is active."""
    densest: float
    """Share of the tokens at which the densest latent is active."""
    n_tokens: int


@dataclass(frozen=True)
class SpliceLoss:
    """Cross-entropy of the next token, in nats, with the residual stream after one block replaced."""

    clean: float
    """By nothing: the model as it is."""
    spliced: float
    """By the SAE's reconstruction."""
    ablated: float
    """By zeros."""
    n_tokens: int
    """Tokens predicted."""

    @property
    def recovered(self) -> float:
        """Share of the loss that ablation costs and the SAE wins back; 1 is perfect."""
        return (self.ablated - self.spliced) / (self.ablated - self.clean)


@torch.inference_mode()
def reconstruction(sae: SAE[Any], activations: Iterable[torch.Tensor]) -> Reconstruction:
    """Measure on tensors float32 `[tokens, d_model]`, one after another, so that memory does not grow with them.

    They and the SAE are on one device. Sums of a batch are taken there and added up here: not every device has float64.
    """
    n_tokens, error, squares = 0, 0.0, 0.0
    total = torch.zeros(sae.cfg.d_in, dtype=torch.float64)
    fired = torch.zeros(sae.cfg.d_sae, dtype=torch.long)
    for h in activations:
        codes = sae.encode(h)
        error += (sae.decode(codes) - h).pow(2).sum().item()
        squares += h.pow(2).sum().item()
        total += h.sum(dim=0).cpu()
        fired += (codes > 0).sum(dim=0).cpu()
        n_tokens += len(h)
    variance = squares - (total.pow(2).sum() / n_tokens).item()
    shares = fired / n_tokens
    alive, often = ((fired >= n).float().mean().item() for n in (1, 10))
    median, densest = shares.median().item(), shares.max().item()
    return Reconstruction(error / variance, shares.sum().item(), alive, often, median, densest, n_tokens)


@torch.inference_mode()
def splice_loss(sae: SAE[Any], model: str, n_blocks: int, windows: Sequence[np.ndarray]) -> SpliceLoss:
    """Predict `windows` with the whole model: as it is, with the SAE after `n_blocks` blocks, and with zeros there. It runs
    where the SAE is.

    The first token, BOS where the model has one, is left alone in all three: it is an attention sink that the SAE
    never saw.

    Args:
        windows: token ids, each beginning with BOS where the model has one; `[tokens]` int32.
    """
    network = whole_model(model, device=str(sae.device))
    block = blocks_of(network)[n_blocks - 1]
    replacements = {"clean": lambda h: h, "spliced": sae, "ablated": torch.zeros_like}
    sums, n_tokens = dict.fromkeys(replacements, 0.0), 0
    for batch in batches(as_tokens(windows), _BATCH_TOKENS):
        batch = batch.to(sae.device)
        predicted = batch.content[:, 1:]
        targets = batch.input_ids[:, 1:]
        for name, replace in replacements.items():

            def but_the_first(h: torch.Tensor, replace: Any = replace) -> torch.Tensor:
                return torch.cat([h[:, :1], replace(h)[:, 1:]], dim=1)

            with changed(block, but_the_first):
                logits = network(input_ids=batch.input_ids, use_cache=False).logits[:, :-1]
            sums[name] += torch.nn.functional.cross_entropy(
                logits[predicted], targets[predicted], reduction="sum"
            ).item()
        n_tokens += int(predicted.sum())
    return SpliceLoss(**{name: value / n_tokens for name, value in sums.items()}, n_tokens=n_tokens)
