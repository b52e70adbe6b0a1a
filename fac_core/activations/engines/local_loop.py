"""The engine of one machine: this process encodes one shard after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import cast

from fac_core.activations.engines.shard_encoder import ShardEncoder
from fac_core.activations.engines.spec import Decided
from fac_core.activations.sae import SparseAutoencoder
from fac_core.activations.shards import Portion, Shard
from fac_core.activations.spec import Dtype, EncodeSpec
from fac_core.progress import Progress


class LocalLoop:
    """This process, as `Workers`."""

    def __init__(self, spec: EncodeSpec, saes: list[SparseAutoencoder]) -> None:
        self._encode = ShardEncoder(spec, saes)

    def choose(self, probe: Shard) -> Decided:
        return self._encode.choose(probe)

    def encode(self, planned: Iterator[Portion], dtype: str, n_samples: int, on_progress: Progress) -> list[Portion]:
        done = encoded = 0
        started = time.monotonic()
        found: list[Portion] = []
        for portion in planned:
            if not portion.is_present:
                tell = partial(_tell_within, on_progress, done, n_samples)
                encoded += self._encode(portion, cast(Dtype, dtype), tell)
            done += portion.n_samples
            rate = encoded / (time.monotonic() - started)
            on_progress(done, n_samples, f"{rate:,.0f} tokens/s" if encoded else "found from an earlier try")
            found.append(portion.without_texts())
        return found


def _tell_within(on_progress: Progress, done: int, total: int, n_encoded: int) -> None:
    """Within a shard: whoever stops here loses no more than the shard."""
    on_progress(done + n_encoded, total, "")
