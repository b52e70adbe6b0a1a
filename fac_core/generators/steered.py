"""A local model pushed along a feature while it writes.

The feature's decoder direction is added to the residual stream where the SAE reads, at every token that is written. The
blocks before that place do not see it, so what the SAE reads of a token is what it would read without steering: the push
only changes which tokens come next. Rows of one batch may be pushed along different features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from fac_core.activations.directions import decoder_directions
from fac_core.activations.sae import SparseAutoencoder, check_fit
from fac_core.generators.decoding import IsDone, Row, decode
from fac_core.generators.local import LocalGenerator
from fac_core.generators.seam import Request


class SteeredGenerator(LocalGenerator):
    """A local generator that can steer. `ModelMismatch` if the SAE does not read this model."""

    def __init__(self, model: str, sae: SparseAutoencoder, *, device: str = "cpu", **options: Any) -> None:
        super().__init__(model, device=device, **options)
        config = self.model.config.get_text_config()
        check_fit(sae, model=model, d_model=config.hidden_size, n_layers=config.num_hidden_layers)
        self._n_blocks = sae.n_blocks
        self._directions = torch.from_numpy(decoder_directions(sae))
        self._push = torch.zeros(0, sae.d_model)

    @property
    def name(self) -> str:
        return f"steered:{self._name}"

    def _refusal(self, request: Request) -> str | None:
        feature = request.steering.feature_id if request.steering else 0
        if not 0 <= feature < len(self._directions):
            return f"There is no feature {feature}: the SAE has {len(self._directions)}."
        return None

    def _draw(self, prompts: Sequence[list[int]], rows: Sequence[Row], is_done: IsDone) -> list[list[int]]:
        none = torch.zeros(self._directions.shape[1])
        pushes = torch.stack(
            [self._directions[r.steering.feature_id] * r.steering.strength if r.steering else none for r in rows]
        ).to(self.model.device, self.model.dtype)[:, None]

        def follow(here: np.ndarray) -> None:
            self._push = pushes[here]

        handle = _block(self.model, self._n_blocks).register_forward_hook(self._pushed)
        try:
            return decode(self.model, prompts, rows, ends=self._ends, is_done=is_done, follow=follow)
        finally:
            handle.remove()

    def _pushed(self, _module: torch.nn.Module, _args: Any, output: Any) -> Any:
        """The block's output with each row's direction added; prompts pass as they are."""
        if not len(self._push):
            return None
        if isinstance(output, tuple):
            return (output[0] + self._push, *output[1:])
        return output + self._push


def _block(model: torch.nn.Module, n_blocks: int) -> torch.nn.Module:
    """The block whose output the SAE reads."""
    lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) >= n_blocks]
    return max(lists, key=len)[n_blocks - 1]
