"""Which samples of a shard are worth showing for a feature, with their token-level values.

A shard proposes, for each feature, its 20 strongest samples and 8 drawn by a hash (for the activation intervals).
Every shard proposing its own best, the best of all are among them; and nothing has to be run again to show them.
Bounded by features x 28 a shard, never by tokens.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch

from fac_core.activations.pooling import Block, brought

N_STRONGEST = 20
N_DRAWN = 8


class Proposals:
    """Collects proposals batch by batch: what is kept early may be overtaken, and is left out of `table`."""

    def __init__(self, d_sae: int, device: torch.device | str = "cpu") -> None:
        self._strongest = _Best(N_STRONGEST, d_sae, device)
        self._drawn = _Best(N_DRAWN, d_sae, device)
        self._new: list[tuple[torch.Tensor, ...]] = []
        self._kept: list[list[np.ndarray]] = []

    def add(self, block: Block, sample_ids: torch.Tensor) -> None:
        """Take what may still be among the best of the shard from a pooled block. `sample_ids [rows]`.

        A batch has each feature in one block; after its blocks comes `keep`, or `drop`.
        """
        features = torch.arange(block.first, block.first + block.values.shape[1], device=block.values.device)
        lot = torch.where(block.values > 0, draw(sample_ids[:, None], features[None, :]), 0.0)
        strong = self._strongest.admit(block.values, block.first)
        drawn = self._drawn.admit(lot, block.first)
        row, feature, position, value = block.at_tokens((strong | drawn) & (block.values > 0))
        cell = (row, feature - block.first)
        self._new.append((feature, sample_ids[row], position, value, block.values[cell], lot[cell]))

    def keep(self) -> None:
        """The blocks since the last batch are a whole one."""
        if self._new:
            self._kept.append(brought(*map(torch.cat, zip(*self._new, strict=True))))
        for best in (self._strongest, self._drawn):
            best.keep()
        self.drop()

    def drop(self) -> None:
        """Forget the blocks since the last batch."""
        self._new = []
        for best in (self._strongest, self._drawn):
            best.drop()

    def table(self) -> pa.Table:
        """`feature_id, sample_id, token_index, activation`, sorted, of what is among the best of the whole shard."""
        columns = [np.concatenate(part) for part in zip(*self._kept, strict=True)] or [np.zeros(0)] * 6
        feature, sample, position, value, pooled, lot = columns
        feature = feature.astype(np.int64)
        keep = (pooled >= self._strongest.floor(feature)) | (lot >= self._drawn.floor(feature))
        order = np.lexsort((position[keep], sample[keep], feature[keep]))
        return pa.table(
            {
                "feature_id": feature[keep][order].astype(np.uint32),
                "sample_id": sample[keep][order].astype(np.uint32),
                "token_index": position[keep][order].astype(np.uint16),
                "activation": value[keep][order].astype(np.float32),
            }
        )


class _Best:
    """The n largest numbers that each feature has met so far."""

    def __init__(self, n: int, d_sae: int, device: torch.device | str) -> None:
        self._best = torch.zeros(n, d_sae, device=device)
        self._new: list[tuple[slice, torch.Tensor]] = []

    def admit(self, values: torch.Tensor, first: int) -> torch.Tensor:
        """Take in `values [rows, columns]`; returns a mask of those that are among the best so far."""
        columns = slice(first, first + values.shape[1])
        n = len(self._best)
        best = torch.cat([self._best[:, columns], values]).topk(n, dim=0).values
        self._new.append((columns, best))
        return (values > 0) & (values >= best[-1])

    def keep(self) -> None:
        for columns, best in self._new:
            self._best[:, columns] = best

    def drop(self) -> None:
        self._new = []

    def floor(self, feature: np.ndarray) -> np.ndarray:
        return self._best[-1].cpu().numpy()[feature]


def draw(sample_id: torch.Tensor, feature_id: torch.Tensor) -> torch.Tensor:
    """A number in (0, 1] for a sample and a feature: always the same one, and as good as random."""
    x = (sample_id * 0x9E3779B1 + feature_id * 0x85EBCA77) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & 0xFFFFFFFF
    x = ((x ^ (x >> 12)) * 0x297A2D39) & 0xFFFFFFFF
    return ((x ^ (x >> 15)) + 1).double().div(2**32).float()
