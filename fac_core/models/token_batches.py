"""Length-sorted, right-padded batches under a token budget.

Sorted by length, 1,024-token batches of 512 samples waste under 3 % on padding (2,048-token ones 5 %, at the same
speed a token on a CPU).
No attention mask is made: attention is causal, so padding on the right is invisible to every real token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from fac_core.models.tokens import Tokens


@dataclass(frozen=True)
class Batch:
    """Some samples of a shard, padded to the longest of them."""

    rows: np.ndarray
    """`[rows]`: positions of the samples in the list that was batched."""
    input_ids: torch.Tensor
    """`[rows, length]` int64, zeros on the right."""
    content: torch.Tensor
    """`[rows, length]` bool."""
    real: torch.Tensor
    """`[rows, length]` bool: not padding."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device; to a card it goes while the card still works on the one before."""
        if device.type == "cpu":
            return self
        tensors = {key: value for key, value in vars(self).items() if isinstance(value, torch.Tensor)}
        if device.type == "cuda":
            tensors = {key: value.pin_memory() for key, value in tensors.items()}
        return replace(self, **{key: value.to(device, non_blocking=True) for key, value in tensors.items()})


def batches(tokens: Sequence[Tokens], budget: int) -> Iterator[Batch]:
    """Yield every sample once, shortest first, with `rows * length <= budget` (or a single row)."""
    order = np.argsort([len(t) for t in tokens], kind="stable")
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * len(tokens[order[stop]]) <= budget:
            stop += 1
        yield _padded(order[start:stop], [tokens[i] for i in order[start:stop]])
        start = stop


def as_tokens(windows: Sequence[np.ndarray]) -> list[Tokens]:
    """Windows of token ids, each beginning with its start token, where everything else is content."""
    nowhere = np.zeros((max(map(len, windows), default=0), 2), dtype=np.uint32)
    return [
        Tokens(window.astype(np.int64), np.arange(len(window)) > 0, nowhere[: len(window)], truncated=False)
        for window in windows
    ]


def _padded(rows: np.ndarray, tokens: list[Tokens]) -> Batch:
    input_ids = pad_sequence([torch.from_numpy(one.input_ids) for one in tokens], batch_first=True)
    content = pad_sequence([torch.from_numpy(one.content) for one in tokens], batch_first=True)
    lengths = torch.tensor([len(one) for one in tokens])
    return Batch(rows, input_ids, content, torch.arange(input_ids.shape[1]) < lengths.unsqueeze(1))
