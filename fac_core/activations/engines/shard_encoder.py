"""One shard in, its files out: what the local loop does itself, and what every actor of a cluster does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from fac_core.activations.encoder import Encoder
from fac_core.activations.engines.spec import Decided
from fac_core.activations.precision import choose_encoder, encoder_of
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.shards import Shard
from fac_core.activations.spec import Dtype, EncodeSpec
from fac_core.datasets.samples import FAILURES
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import load_tokenizer


class ShardEncoder:
    """A tokenizer and, once it is needed, an encoder. Raises what loading a model raises."""

    def __init__(self, spec: EncodeSpec, sae: SparseAutoencoder) -> None:
        self._spec, self._sae = spec, sae
        self._tokenizer = SampleTokenizer(load_tokenizer(spec.model), context=spec.context, roles=spec.roles)
        self._loaded: tuple[str, Encoder] | None = None

    def choose(self, probe: Shard) -> Decided:
        """Measure which dtype to encode in, unless one was asked for, and keep its encoder."""
        tokens = _with_content(self._tokenizer(probe.texts, probe.chats))
        choice = choose_encoder(self._spec.model, self._sae, tokens, dtype=self._spec.dtype, device=self._spec.device)
        self._loaded = choice.dtype, choice.encoder
        return Decided(choice.dtype, choice.reason)

    def __call__(self, shard: Shard, dtype: Dtype, after_batch: Callable[[int], None]) -> int:
        """Encode a shard and write its files; returns the number of content tokens.

        Args:
            after_batch: told after each forward pass how many samples are encoded; may raise to end it all.
        """
        tokens = self._tokenizer(shard.texts, shard.chats)
        good = np.array([one.content.any() for one in tokens], dtype=bool)
        found = self._encoder(dtype)(shard.sample_ids[good], _with_content(tokens), after_batch=after_batch)
        shard.write(found, _without_content(shard, good))
        return sum(int(one.content.sum()) for one in tokens)

    def _encoder(self, dtype: Dtype) -> Encoder:
        if self._loaded is None or self._loaded[0] != dtype:
            self._loaded = dtype, encoder_of(self._spec.model, self._sae, dtype, self._spec.device)
        return self._loaded[1]


def _with_content(tokens: list[Tokens]) -> list[Tokens]:
    return [one for one in tokens if one.content.any()]


def _without_content(shard: Shard, good: np.ndarray) -> pa.Table:
    bad = np.flatnonzero(~good)
    return pa.table(
        {
            "origin": [shard.origins[i] for i in bad],
            "reason": ["no_content_tokens"] * len(bad),
            "detail": ["no token of the text, or of the chosen roles, lies in the window"] * len(bad),
            "text": [shard.texts[i][:200] for i in bad],
        },
        schema=FAILURES,
    )
