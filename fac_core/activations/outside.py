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
        self._n_samples = torch.zeros(len(_PLACES), pool.sae.d_sae, dtype=torch.long)
        self._max = torch.zeros(len(_PLACES), pool.sae.d_sae)

    def add(self, place: str, h: torch.Tensor, chosen: torch.Tensor) -> None:
        """Pool `h [rows, length, d_model]` over the tokens where `chosen [rows, length]` and count every row once."""
        at = _PLACES.index(place)
        for block in self._pool(*_gathered(h, chosen)):
            columns = slice(block.first, block.first + block.values.shape[1])
            values = block.values.cpu()
            self._n_samples[at, columns] += (values > 0).sum(dim=0)
            if len(values):
                self._max[at, columns] = self._max[at, columns].maximum(values.amax(dim=0))

    def table(self) -> pa.Table:
        """Schema `OUTSIDE`: features that fired in neither place are left out."""
        place, feature = self._n_samples.nonzero(as_tuple=True)
        return pa.table(
            {
                "feature_id": feature.numpy().astype(np.uint32),
                "place": [_PLACES[i] for i in place.tolist()],
                "n_samples": self._n_samples[place, feature].numpy().astype(np.uint32),
                "max": self._max[place, feature].numpy(),
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
