"""How surprised a language model is by a text: the fluency of what was written, judged by the model that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM

from fac_core.models.loading import with_weights
from fac_core.models.token_batches import batches
from fac_core.models.tokens import SampleTokenizer
from fac_core.models.truncated import load_tokenizer

_LONGEST = 256
"""Tokens that are looked at."""
_BATCH_TOKENS = 512
"""The logits of a batch stay under 200 MB."""


class Perplexity:
    """The whole model of a feature space, unsteered, as a function of texts."""

    def __init__(self, model: str, *, dtype: str | None = None, device: str = "cpu") -> None:
        self._tokenizer = load_tokenizer(model)
        kind = torch.bfloat16 if dtype == "bfloat16" else torch.float32
        loaded = with_weights(AutoModelForCausalLM, model, dtype=kind)
        self._model = cast(Any, loaded).to(device).eval().requires_grad_(False)

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """`exp(mean negative log-probability)` of each text's tokens, given a start token; nan for an empty text."""
        return np.array([np.exp(one.mean()) if len(one) else np.nan for one in self.surprises(texts)])

    @torch.inference_mode()
    def surprises(self, texts: Sequence[str], *, first: int = _LONGEST) -> list[np.ndarray]:
        """Negative log-probability of each text's first tokens, float32 `[tokens]`."""
        tokens = SampleTokenizer(self._tokenizer, context=first + 1)(texts, [None] * len(texts))
        found = [np.zeros(0, np.float32) for _ in texts]
        for batch in batches(tokens, _BATCH_TOKENS):
            ids = batch.input_ids.to(self._model.device)
            if ids.shape[1] < 2:
                continue
            logits = self._model(input_ids=ids, use_cache=False).logits[:, :-1].float()
            loss = cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none").cpu().numpy()
            for row, values, real in zip(batch.rows, loss, batch.real[:, 1:].numpy(), strict=True):
                found[row] = values[real]
        return found
