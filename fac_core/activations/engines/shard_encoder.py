"""A portion of the samples in, a shard's files out for each SAE that reads it: what the local loop does itself, and what every actor of a cluster does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from fac_core.activations.encoder import Encoder, encode_together, find_budget
from fac_core.activations.engines.spec import Decided
from fac_core.activations.precision import choose_encoders, encoders_of
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.shards import Portion, Shard
from fac_core.activations.spec import Dtype, EncodeSpec
from fac_core.datasets.samples import FAILURES
from fac_core.models.device import chosen_device
from fac_core.models.tokens import SampleTokenizer, Tokens
from fac_core.models.truncated import load_tokenizer


class ShardEncoder:
    """A tokenizer and, once they are needed, encoders. Raises what loading a model raises.

    Args:
        saes: that read together; taken out of the list.
    """

    def __init__(self, spec: EncodeSpec, saes: list[SparseAutoencoder]) -> None:
        self._spec = spec
        self._saes = [saes.pop(0) for _ in range(len(saes))]
        self._tokenizer = SampleTokenizer(load_tokenizer(spec.model), context=spec.context, roles=spec.roles)
        self._encoders: tuple[Encoder, ...] = ()
        self._dtype = ""

    def choose(self, probe: Shard) -> Decided:
        """Measure which dtype to encode in, unless one was asked for, and keep its encoders."""
        tokens = _with_content(self._tokenizer(probe.texts, probe.chats))
        choice = choose_encoders(
            self._spec.model, self._saes, tokens, dtype=self._spec.dtype, device=chosen_device(self._spec.device)
        )
        self._take(choice.encoders, choice.dtype, tokens)
        return Decided(choice.dtype, choice.reason)

    def __call__(self, portion: Portion, dtype: Dtype, after_batch: Callable[[int], None]) -> int:
        """Encode what is pending of a portion and write the files; returns the content tokens.

        Args:
            after_batch: told after each forward pass how many samples are encoded; may raise to end it all.
        """
        first = portion.shards[0]
        tokens = self._tokenizer(first.texts, first.chats)
        good = np.array([one.content.any() for one in tokens], dtype=bool)
        with_content = _with_content(tokens)
        if self._dtype != dtype:
            device = chosen_device(self._spec.device)
            self._take(encoders_of(self._spec.model, self._saes, dtype, device), dtype, with_content)
        pending = [
            (shard, one) for shard, one in zip(portion.shards, self._encoders, strict=True) if not shard.is_present
        ]
        if pending:  # a worker may have written all of them and died before it said so
            encoders = [encoder for _, encoder in pending]
            found = encode_together(encoders, first.sample_ids[good], with_content, after_batch=after_batch)
            for (shard, _), encoded in zip(pending, found, strict=True):
                shard.write(encoded, _without_content(shard, tokens))
        return sum(int(one.content.sum()) for one in tokens)

    def _take(self, encoders: tuple[Encoder, ...], dtype: str, tokens: list[Tokens]) -> None:
        self._encoders, self._dtype = encoders, dtype
        self._saes = [encoder.sae for encoder in encoders]  # in the dtype and where they read: no other copy is needed
        find_budget(encoders, tokens)


def _with_content(tokens: list[Tokens]) -> list[Tokens]:
    return [one for one in tokens if one.content.any()]


def _without_content(shard: Shard, tokens: list[Tokens]) -> pa.Table:
    bad = [i for i, one in enumerate(tokens) if not one.content.any()]
    nothing = "no token of the text, or of the chosen roles, lies in the window"
    return pa.table(
        {
            "origin": [shard.origins[i] for i in bad],
            "reason": ["template_refused" if tokens[i].refused else "no_content_tokens" for i in bad],
            "detail": [tokens[i].refused or nothing for i in bad],
            "text": [shard.texts[i][:200] for i in bad],
        },
        schema=FAILURES,
    )
