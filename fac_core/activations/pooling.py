"""From residual streams to one number a sample and feature: `g_i(x) = max over content tokens` (paper, eq. 91).

Two exact ways, both column-blocked or sparse, so that `[tokens, d_sae]` activations never pile up:

- Elementwise rules (ReLU, JumpReLU, gated, dense) are non-decreasing, so `max f(z) = f(max z)`: pool z, then activate.
- Top-K looks at all latents of a token at once, so it comes first and its k survivors are pooled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch.nn.functional import linear

from fac_core.activations.sae import SparseAutoencoder

_COLUMNS = 4096
"""Latents encoded at a time in the elementwise way: the pre-activations stay in the cache."""

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


class Pool:
    """Pools residual streams through one SAE, in the dtype and on the device of the model."""

    def __init__(self, sae: SparseAutoencoder, *, dtype: torch.dtype, device: str = "cpu") -> None:
        self.sae = sae.to(device, dtype)
        self.W = self.sae.W.T  # `linear` multiplies by the transpose
        self.b = self.sae.b

    def __call__(self, h: torch.Tensor, content: torch.Tensor) -> Iterator[Block]:
        """Pool `h [rows, length, d_model]` over the tokens where `content [rows, length]`."""
        h = self.sae.normalised(h).to(self.W.dtype)
        return self._top_k(h, content, self.sae.k) if self.sae.k else self._elementwise(h, content)

    def _elementwise(self, h: torch.Tensor, content: torch.Tensor) -> Iterator[Block]:
        silent = ~content.unsqueeze(-1)
        for first in range(0, self.sae.d_sae, _COLUMNS):
            columns = slice(first, first + _COLUMNS)
            z = linear(h, self.W[columns], self.b[columns]).masked_fill_(silent, -torch.inf)
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
        values, feature = linear(h[row, position], self.W, self.b).topk(k, dim=-1, sorted=False)
        entries = TokenValues(
            row.repeat_interleave(k), feature.flatten(), position.repeat_interleave(k), values.flatten().float()
        )
        entries = TokenValues(*(column[entries.value > 0] for column in entries))
        shape = (len(h), self.sae.d_sae)
        cell = entries.row * self.sae.d_sae + entries.feature
        pooled = torch.zeros(shape, device=h.device).view(-1).scatter_reduce_(0, cell, entries.value, "amax")
        # The first token that reaches the maximum: the smallest position among those equal to it.
        is_peak = entries.value == pooled[cell]
        first_at = torch.full_like(pooled, h.shape[1], dtype=torch.long)
        first_at.scatter_reduce_(0, cell[is_peak], entries.position[is_peak], "amin")

        def at_tokens(chosen: torch.Tensor) -> TokenValues:
            wanted = chosen.view(-1)[cell]
            return TokenValues(*(column[wanted] for column in entries))

        yield Block(0, pooled.view(shape), first_at.view(shape), at_tokens)
