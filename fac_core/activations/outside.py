"""Where features fire outside the content: on special tokens, and in the part of a text that the window cut off.

Neither counts as activation of a sample. Both explain gaps: a feature that the data fires only beyond the window is
covered by a longer context, for free, and one that lives on template tokens is nothing that a text could cover.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch

from fac_core.activations.pooling import Pool
from fac_core.store.runs.shard_schema import OUTSIDE

_PLACES = ("special", "truncated")


class Outside:
    """Counts samples and keeps maxima, one number a feature and place: memory knows nothing of the dataset's size."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        shape, device = (len(_PLACES), pool.sae.d_sae), pool.sae.W.device
        self._n_samples = torch.zeros(shape, dtype=torch.long, device=device)
        self._max = torch.zeros(shape, device=device)
        self._new: list[tuple[int, slice, torch.Tensor, torch.Tensor]] = []

    def add(self, place: str, h: torch.Tensor, chosen: torch.Tensor) -> None:
        """Pool `h [rows, length, d_model]` over the tokens where `chosen [rows, length]`; `keep` counts every row once."""
        at = _PLACES.index(place)
        for block in self._pool(*_gathered(h, chosen)):
            columns = slice(block.first, block.first + block.values.shape[1])
            if len(block.values):
                self._new.append((at, columns, (block.values > 0).sum(dim=0), block.values.amax(dim=0)))

    def keep(self) -> None:
        """Count what was added."""
        for at, columns, n_samples, most in self._new:
            self._n_samples[at, columns] += n_samples
            self._max[at, columns] = self._max[at, columns].maximum(most)
        self.drop()

    def drop(self) -> None:
        """Forget what was added and not kept."""
        self._new = []

    def table(self) -> pa.Table:
        """Schema `OUTSIDE`, of what was kept: features that fired in neither place are left out."""
        all_samples, all_max = self._n_samples.cpu(), self._max.cpu()
        place, feature = all_samples.nonzero(as_tuple=True)
        return pa.table(
            {
                "feature_id": feature.numpy().astype(np.uint32),
                "place": [_PLACES[i] for i in place.tolist()],
                "n_samples": all_samples[place, feature].numpy().astype(np.uint32),
                "max": all_max[place, feature].numpy(),
            },
            schema=OUTSIDE,
        )


def _gathered(h: torch.Tensor, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows that have chosen tokens, these moved to the front and the rest cut off: they are few."""
    rows = chosen.any(dim=1)
    h, chosen = h[rows], chosen[rows]
    longest = int(chosen.sum(dim=1).max()) if len(h) else 0
    order = chosen.int().argsort(dim=1, descending=True, stable=True)[:, :longest]
    return h.gather(1, order.unsqueeze(-1).expand(-1, -1, h.shape[-1])), chosen.gather(1, order)
