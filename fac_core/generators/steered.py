"""A local model that knows a SAE: pushed along a feature while it writes, or led to what fires one.

Pushed: the feature's decoder direction is added to the residual stream where the SAE reads, at every token that is
written. The blocks before that place do not see it, so what the SAE reads of a token is what it would read without
steering: the push only changes which tokens come next. Led: a second, shorter model reads along (`foresight.py`), and an
answer ends with the sentence that fires. Rows of one batch may be after different features.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch

from fac_core.activations.directions import decoder_directions
from fac_core.activations.sae import SparseAutoencoder, check_fit
from fac_core.generators.decoding import IsDone, Row, decode
from fac_core.generators.foresight import Eyes, Foresight, Wish
from fac_core.generators.local import LocalGenerator
from fac_core.generators.seam import Request
from fac_core.models.tokens import start_token
from fac_core.models.truncated import TruncatedModel

_LEAST_WORDS = 6
"""A text with fewer is not ended yet."""
_SENTENCE_END = re.compile(r"[^\W\d_]{3}[\"'”’)\]]*[.!?][\"'”’)\]]*$")


class SteeredGenerator(LocalGenerator):
    """A local generator that can steer and read along. `ModelMismatch` if the SAE does not read this model."""

    def __init__(self, model: str, sae: SparseAutoencoder, *, device: str = "cpu", **options: Any) -> None:
        super().__init__(model, device=device, **options)
        config = self.model.config.get_text_config()
        check_fit(sae, model=model, d_model=config.hidden_size, n_layers=config.num_hidden_layers)
        self._n_blocks = sae.n_blocks
        self._directions = torch.from_numpy(decoder_directions(sae))
        self._push = torch.zeros(0, sae.d_model)
        self._sae = sae

    @property
    def name(self) -> str:
        return f"steered:{self._name}"

    def _refusal(self, request: Request) -> str | None:
        asked = (request.steering and request.steering.feature_id, request.boost and request.boost.feature_id)
        for feature in asked:
            if feature is not None and not 0 <= feature < len(self._directions):
                return f"There is no feature {feature}: the SAE has {len(self._directions)}."
        return None

    def _draw(self, prompts: Sequence[list[int]], rows: Sequence[Row], is_done: IsDone) -> list[list[int]]:
        none = torch.zeros(self._directions.shape[1])
        pushes = torch.stack(
            [self._directions[r.steering.feature_id] * r.steering.strength if r.steering else none for r in rows]
        ).to(self.model.device, self.model.dtype)[:, None]

        wishes = self._wishes(rows)
        foresight = Foresight(self._eyes, wishes) if wishes else None

        def follow(here: np.ndarray) -> None:
            self._push = pushes[here]

        def is_over(row: int, tokens: list[int]) -> bool:
            fired = foresight is not None and foresight.has_fired(row, tokens)
            return is_done(row, tokens) or (fired and self._is_whole(rows[row], tokens))

        handle = _block(self.model, self._n_blocks).register_forward_hook(self._pushed)
        try:
            return decode(
                self.model,
                prompts,
                rows,
                ends=self._ends,
                is_done=is_over,
                follow=follow,
                lean=foresight.lean if foresight else None,
            )
        finally:
            handle.remove()

    @cached_property
    def _eyes(self) -> Eyes:
        """Loaded when the first row is to be led."""
        reads = TruncatedModel(self._name, self._n_blocks, device=str(self.model.device))
        return Eyes(reads, self._sae, self.model.dtype)

    def _wishes(self, rows: Sequence[Row]) -> dict[int, Wish]:
        """What rows should fire, by their position."""
        start = start_token(self.tokenizer)
        return {
            i: Wish(row.aim.feature_id, row.aim.delta, row.aim.gain, (*start, *self._tokens(row.aim.begun)))
            for i, row in enumerate(rows)
            if row.aim and row.aim.feature_id is not None
        }

    def _tokens(self, text: str) -> list[int]:
        return list(cast(list[int], self.tokenizer(text, add_special_tokens=False)["input_ids"]))

    def _is_whole(self, row: Row, tokens: Sequence[int]) -> bool:
        """Whether a text may end here: not after an abbreviation or in a number."""
        text = f"{row.aim.begun if row.aim else ''}{self._text(tokens)}"
        return len(text.split()) >= _LEAST_WORDS and _SENTENCE_END.search(text) is not None

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
