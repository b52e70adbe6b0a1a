"""What the SAE reads of a text while it is written, and what it would read of the tokens that may come next.

Beside the model that writes runs another that sees the bare text alone, as it will be read afterwards: without the
prompt, and only up to the block that the SAE reads. Tokens that fire the wanted feature there become likelier, until one
was written. That costs no generated token, only this second, shorter pass; whether a text fires is still proved afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import linear
from transformers import DynamicCache

from fac_core.activations.sae import SparseAutoencoder
from fac_core.models.truncated import TruncatedModel

_LOOKED_AT = 8
"""Likeliest next tokens of a row that are read before one is drawn."""


@dataclass(frozen=True)
class Wish:
    """What a row should fire."""

    feature_id: int
    delta: float
    """Above this it fires."""
    gain: float
    """Added to the logits of tokens that fire it."""
    begun: tuple[int, ...]
    """The text so far, start token first: what fires in it is not the row's own."""


class Eyes:
    """What reads along: the first blocks of a model and a SAE, in one dtype, loaded once for all batches."""

    def __init__(self, model: TruncatedModel, sae: SparseAutoencoder, dtype: torch.dtype) -> None:
        self.module = model.given_up(dtype)
        self.last_block = model.blocks[-1]
        self.device = self.module.device
        self.dtype = dtype
        self.sae = sae.to(str(self.device))
        self.weights = self.sae.W.T.to(dtype)


class Foresight:
    """Reads the rows of one batch along. A row is read until it fires, or is no longer asked for."""

    def __init__(self, eyes: Eyes, wishes: dict[int, Wish]) -> None:
        """Args: `wishes` by row."""
        self.fired: set[int] = set()
        """Rows that a token of their own fired."""
        self._would: dict[int, frozenset[int]] = {}
        self._eyes = eyes
        self._wishes = wishes
        self._rows = np.array(sorted(wishes), dtype=np.int64)
        self._cache, self._mask = self._begun([wishes[row].begun[:-1] for row in self._rows.tolist()])

    @torch.inference_mode()
    def lean(self, here: np.ndarray, written: Sequence[Sequence[int]], logits: torch.Tensor) -> torch.Tensor:
        """Logits with the tokens that would fire made likelier.

        Args:
            here: rows still written, `[rows]`.
            written: their tokens so far, of every row of the batch.
            logits: `[rows, vocabulary]`, of `here`.
        """
        self._keep(here)
        if not len(self._rows):
            return logits
        places = np.searchsorted(here, self._rows)
        # What is made likelier on other grounds is among these: the logits have it already.
        chosen = logits[torch.from_numpy(places).to(logits.device)].topk(_LOOKED_AT, dim=1).indices.cpu()
        g = self._read(self._last(written), chosen).cpu()
        wishes = [self._wishes[row] for row in self._rows.tolist()]
        delta = torch.tensor([max(wish.delta, 0.0) for wish in wishes])[:, None]
        gain = torch.tensor([wish.gain for wish in wishes])[:, None]
        own = torch.tensor([bool(written[row]) for row in self._rows.tolist()])
        fired = (g[:, 0] > delta[:, 0]) & own
        self.fired.update(self._rows[fired.numpy()].tolist())
        firing = (g[:, 1:] > delta) & ~fired[:, None]
        for nth, (place, row) in enumerate(zip(places.tolist(), self._rows.tolist(), strict=True)):
            tokens = chosen[nth, firing[nth]]
            self._would[row] = frozenset(tokens.tolist())
            logits[place, tokens.to(logits.device)] += gain[nth].item()
        return logits

    def has_fired(self, row: int, written: Sequence[int]) -> bool:
        """Whether a token of the row's own fires, its newest one included."""
        if row in self._would and written[-1] in self._would[row]:
            self.fired.add(row)
        return row in self.fired

    def _last(self, written: Sequence[Sequence[int]]) -> torch.Tensor:
        """The newest token of each row, `[rows, 1]`."""
        newest = [(written[row] or self._wishes[row].begun)[-1] for row in self._rows.tolist()]
        return torch.tensor(newest)[:, None]

    def _begun(self, begun: Sequence[Sequence[int]]) -> tuple[DynamicCache, torch.Tensor]:
        """Keys and values of what is begun, padded on the left, and its mask `[rows, length]`."""
        length = max(map(len, begun), default=0)
        ids, mask = torch.zeros(len(begun), length, dtype=torch.long), torch.zeros(len(begun), length, dtype=torch.bool)
        for i, one in enumerate(begun):
            ids[i, length - len(one) :] = torch.tensor(one, dtype=torch.long)
            mask[i, length - len(one) :] = True
        cache = DynamicCache(config=self._eyes.module.config)
        if length:
            position = (mask.cumsum(dim=1) - 1).clamp_min(0)
            self._forward(ids, mask.long(), position, cache)
        return cache, mask

    def _keep(self, here: np.ndarray) -> None:
        """Leave out the rows that fired or are finished."""
        stay = np.array([row not in self.fired for row in self._rows.tolist()], dtype=bool) & np.isin(self._rows, here)
        if not stay.all():
            at = torch.from_numpy(np.flatnonzero(stay))
            self._rows, self._mask = self._rows[stay], self._mask[at]
            self._cache.batch_select_indices(at.to(self._eyes.device))

    def _read(self, last: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        """Activations `[rows, 1 + chosen]` of the newest token and of each that may follow it.

        One pass: what may follow sees the text and itself, not the others, and is forgotten again.
        """
        ids = torch.cat([last, chosen], dim=1)
        n_rows, n_new = ids.shape
        among = torch.eye(n_new, dtype=torch.bool)
        among[:, 0] = True
        seen = torch.cat([self._mask[:, None].expand(-1, n_new, -1), among.expand(n_rows, -1, -1)], dim=2)
        dtype = self._eyes.dtype
        mask = torch.where(seen, 0.0, torch.finfo(dtype).min).to(dtype)[:, None]
        n_before = self._mask.sum(dim=1)
        position = (n_before[:, None] + (torch.arange(n_new) > 0)).long()
        h = self._forward(ids, mask, position, self._cache)
        self._cache.crop(-(n_new - 1))
        self._mask = torch.cat([self._mask, self._mask.new_ones(n_rows, 1)], dim=1)
        return self._activations(h)

    def _forward(
        self, ids: torch.Tensor, mask: torch.Tensor, position: torch.Tensor, cache: DynamicCache
    ) -> torch.Tensor:
        """Residual stream `[rows, tokens, d_model]` where the SAE reads."""
        caught: list[torch.Tensor] = []

        def catch(_module: torch.nn.Module, _args: Any, output: Any) -> None:
            caught.append(output[0] if isinstance(output, tuple) else output)

        handle = self._eyes.last_block.register_forward_hook(catch)
        try:
            self._eyes.module(
                input_ids=ids.to(self._eyes.device),
                attention_mask=mask.to(self._eyes.device),
                position_ids=position.to(self._eyes.device),
                past_key_values=cache,
                use_cache=True,
            )
        finally:
            handle.remove()
        return caught[0]

    def _activations(self, h: torch.Tensor) -> torch.Tensor:
        """Of each row's wanted feature, `[rows, tokens]` float32."""
        features = torch.tensor([self._wishes[row].feature_id for row in self._rows.tolist()], device=self._eyes.device)
        h = self._eyes.sae.normalised(h).to(self._eyes.weights.dtype)
        if self._eyes.sae.k is None:
            z = (
                torch.einsum("rtd,rd->rt", h, self._eyes.weights[features]).float()
                + self._eyes.sae.b[features][:, None]
            )
            return self._eyes.sae.activated(z.T, features).T
        z = linear(h, self._eyes.weights, self._eyes.sae.b.to(self._eyes.weights.dtype))
        mine = z.gather(2, features[:, None, None].expand(-1, z.shape[1], 1))
        among_the_k = (z > mine).sum(dim=2) < self._eyes.sae.k
        return torch.where(among_the_k, mine[..., 0].float().relu(), 0.0)
