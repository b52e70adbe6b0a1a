"""From residual streams to one number a sample and feature: `g_i(x) = max over content tokens` (paper, eq. 91).

Two exact ways, both by blocks of columns, so that `[tokens, d_sae]` never exists:

- Elementwise rules (ReLU, JumpReLU, gated, dense) are non-decreasing, so `max f(z) = f(max z)`: pool z, then activate.
- Top-K looks at all latents of a token, so it comes first, the k largest so far against those of the next block, and the k
  survivors are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from fac_core.activations.sae import SparseAutoencoder
from fac_core.models.products import may_lie_twice, product

_COLUMNS = 4096
"""Latents encoded at a time in the elementwise way: the pre-activations stay in a processor's cache."""

_COLUMNS_ON_A_CARD = 16_384
"""There each block is waited for, since how many of its cells are active decides what comes next."""

_TOP_K_COLUMNS = 16_384
"""The same of Top-K: choosing costs a constant for each row of a block, so narrow blocks are slower (4,096: by a quarter)."""

_TOKENS = 32
"""Strongest tokens kept of an example, where the rule itself does not bound their number."""


class TokenValues(NamedTuple):
    """Token-level activations above zero; four tensors of one length."""

    row: torch.Tensor
    feature: torch.Tensor
    position: torch.Tensor
    value: torch.Tensor


@dataclass(frozen=True)
class Block:
    """Pooled activations of a batch for consecutive features."""

    first: int
    """Feature id of the first column."""
    values: torch.Tensor
    """`[rows, columns]` float32, 0 where silent."""
    positions: torch.Tensor
    """`[rows, columns]` int64: the first token with that value; undefined where silent."""
    at_tokens: Callable[[torch.Tensor], TokenValues]
    """The token-level values behind chosen cells, given as a `[rows, columns]` mask."""


def brought(*tensors: torch.Tensor) -> list[np.ndarray]:
    """Tensors as arrays, from a card in one go: it is waited for once, not once a tensor."""
    if not tensors[0].is_cuda:
        return [tensor.cpu().numpy() for tensor in tensors]
    here = [torch.empty(t.shape, dtype=t.dtype, pin_memory=True).copy_(t, non_blocking=True) for t in tensors]
    torch.cuda.current_stream(tensors[0].device).synchronize()
    return [tensor.numpy().copy() for tensor in here]  # pinned memory is scarce, and wanted for the next batch


class Pool:
    """Pools residual streams through one SAE, in the dtype and on the device of the model."""

    def __init__(self, sae: SparseAutoencoder, *, dtype: torch.dtype, device: str = "cpu") -> None:
        self.sae = sae.to(device, dtype)
        self._width = _TOP_K_COLUMNS if sae.k else _COLUMNS if device == "cpu" else _COLUMNS_ON_A_CARD
        lies_twice = may_lie_twice(self.sae.W.numel(), dtype)
        self.products = [
            product(W, b, dtype, lies_twice=lies_twice)
            for W, b in zip(self.sae.W.T.split(self._width), self.sae.b.split(self._width), strict=True)
        ]
        """Of `[..., d_model]`: pre-activations of consecutive latents, a block each; of 131,072 at once there is nowhere room."""

    def __call__(self, h: torch.Tensor, content: torch.Tensor) -> Iterator[Block]:
        """Pool `h [rows, length, d_model]` over the tokens where `content [rows, length]`."""
        h = self.sae.normalised(h).to(self.sae.W.dtype)
        return self._top_k(h, content, self.sae.k) if self.sae.k else self._elementwise(h, content)

    def _elementwise(self, h: torch.Tensor, content: torch.Tensor) -> Iterator[Block]:
        silent = ~content.unsqueeze(-1)
        for first, multiplied in zip(range(0, self.sae.d_sae, self._width), self.products, strict=True):
            columns = slice(first, first + self._width)
            z = multiplied(h).masked_fill_(silent, -torch.inf)
            peak = z.max(dim=1)

            def at_tokens(chosen: torch.Tensor, z: torch.Tensor = z, first: int = first) -> TokenValues:
                row, column = chosen.nonzero(as_tuple=True)
                feature = first + column
                values = self.sae.activated(z[row, :, column].float().T, feature).T  # columns last, as the rule wants
                # A dense rule is active on half of all tokens: without a bound, examples would grow with the texts.
                weakest_kept = values.topk(min(_TOKENS, values.shape[1]), dim=1).values[:, -1:]
                pair, position = ((values > 0) & (values >= weakest_kept)).nonzero(as_tuple=True)
                return TokenValues(row[pair], feature[pair], position, values[pair, position])

            yield Block(first, self.sae.activated(peak.values.float(), columns), peak.indices, at_tokens)

    def _top_k(self, h: torch.Tensor, content: torch.Tensor, k: int) -> Iterator[Block]:
        row, position = content.nonzero(as_tuple=True)
        values, feature = self._largest(h[row, position], k)
        entries = TokenValues(
            row.repeat_interleave(k), feature.flatten(), position.repeat_interleave(k), values.flatten().float()
        )
        entries = TokenValues(*(column[entries.value > 0] for column in entries))
        for first in range(0, self.sae.d_sae, _TOP_K_COLUMNS):
            width = min(_TOP_K_COLUMNS, self.sae.d_sae - first)
            here = entries
            if width < self.sae.d_sae:
                inside = (entries.feature >= first) & (entries.feature < first + width)
                here = TokenValues(*(column[inside] for column in entries))
            yield _pooled(here, first, (len(h), width), h.shape[1])

    def _largest(self, h: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The k largest pre-activations of each token of `h [tokens, d_model]`, and their features; `[tokens, k]` each."""
        values = torch.empty(len(h), 0, dtype=h.dtype, device=h.device)
        feature = torch.empty(len(h), 0, dtype=torch.long, device=h.device)
        for first, multiplied in zip(range(0, self.sae.d_sae, self._width), self.products, strict=True):
            z = multiplied(h)
            new, at = z.topk(min(k, z.shape[1]), dim=-1, sorted=False)
            values, feature = torch.cat([values, new], dim=1), torch.cat([feature, first + at], dim=1)
            if values.shape[1] > k:
                values, kept = values.topk(k, dim=-1, sorted=False)
                feature = feature.gather(1, kept)
        return values, feature


def _pooled(entries: TokenValues, first: int, shape: tuple[int, int], length: int) -> Block:
    """The maximum of each row and feature, of the token-level values of the block's features."""
    cell = entries.row * shape[1] + entries.feature - first
    pooled = torch.zeros(shape, device=cell.device).view(-1).scatter_reduce_(0, cell, entries.value, "amax")
    # The first token that reaches the maximum: the smallest position among those equal to it.
    is_peak = entries.value == pooled[cell]
    first_at = torch.full_like(pooled, length, dtype=torch.long)
    first_at.scatter_reduce_(0, cell[is_peak], entries.position[is_peak], "amin")

    def at_tokens(chosen: torch.Tensor) -> TokenValues:
        wanted = chosen.view(-1)[cell]
        return TokenValues(*(column[wanted] for column in entries))

    return Block(first, pooled.view(shape), first_at.view(shape), at_tokens)
