"""Shards: consecutive samples of a dataset, planned before encoding, named by content, written once.

`<hash>.activations.parquet` is written last; while it is absent the shard is pending. Resume is therefore
"planned minus present", and a killed job loses at most the shard that it was in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.activations.encoder import Encoded
from fac_core.activations.engines.places import Folder, Place
from fac_core.datasets.chats import Message

_PARTS = ("samples", "examples", "outside", "failures", "activations")  # in the order of writing


@dataclass(frozen=True)
class Shard:
    """One planned shard, with its samples."""

    place: Place
    key: str
    """Hash of the samples and of everything that decides their activations."""
    sample_ids: np.ndarray
    """`[samples]` uint32."""
    texts: list[str]
    chats: list[list[Message] | None]
    origins: list[str]

    def part(self, name: str) -> Path:
        """Path of one of the shard's Parquet files on this machine; from a store it is fetched first."""
        return self.place.local(self._file(name))

    @property
    def is_present(self) -> bool:
        return self.place.has(self._file(_PARTS[-1]))

    def write(self, encoded: Encoded, failures: pa.Table) -> None:
        """Write all parts, each atomically, the activations last."""
        parts = (encoded.samples, encoded.examples, encoded.outside, failures, encoded.activations)
        for name, table in zip(_PARTS, parts, strict=True):
            self.place.write(self._file(name), table)

    def without_texts(self) -> Self:
        """The shard as it is kept once it is encoded: its files count, its texts would fill the memory."""
        return replace(self, texts=[], chats=[], origins=[])

    def _file(self, part: str) -> str:
        return f"{self.key}.{part}.parquet"


@dataclass(frozen=True)
class Portion:
    """What is encoded at once: the shards of the same samples, one for each SAE that reads them."""

    shards: tuple[Shard, ...]

    @property
    def key(self) -> str:
        return self.shards[0].key

    @property
    def n_samples(self) -> int:
        return len(self.shards[0].sample_ids)

    @property
    def is_present(self) -> bool:
        return all(shard.is_present for shard in self.shards)

    @property
    def places(self) -> list[Place]:
        return [shard.place for shard in self.shards]

    def without_texts(self) -> Self:
        return replace(self, shards=tuple(shard.without_texts() for shard in self.shards))


def portions(plans: Sequence[Iterator[Shard]]) -> Iterator[Portion]:
    """The plans of some runs of one dataset, in step."""
    return (Portion(shards) for shards in zip(*plans, strict=True))


def shard_size(n_samples: int) -> int:
    """Samples a shard: small enough to lose little, and never so many shards that their proposals pile up."""
    return int(np.clip(n_samples // 64, 512, 8192))


def plan(samples: Path, place: Path | Place, *, size: int, identity: str) -> Iterator[Shard]:
    """Cut `samples.parquet` into shards, reading one at a time.

    Args:
        place: a folder, or where else the files lie.
        identity: everything that decides the activations besides the samples: space, window, roles, dtype.
    """
    place = Folder(place) if isinstance(place, Path) else place
    place.make()
    for batch in _batches_of(pq.ParquetFile(samples), size):
        digest = hashlib.sha256(identity.encode())
        for column in ("sample_id", "text", "messages"):  # ids too: the same texts at other places are another shard
            digest.update(json.dumps(batch[column].to_pylist()).encode())
        yield Shard(
            place,
            digest.hexdigest()[:16],
            batch["sample_id"].to_numpy(),
            batch["text"].to_pylist(),
            [None if m is None else [Message(**turn) for turn in json.loads(m)] for m in batch["messages"].to_pylist()],
            batch["origin"].to_pylist(),
        )


def _batches_of(file: pq.ParquetFile, size: int) -> Iterator[pa.Table]:
    """Tables of exactly `size` rows (the last one shorter), whatever the row groups are."""
    pending: list[pa.RecordBatch] = []
    n_pending = 0
    for batch in file.iter_batches(batch_size=size):
        pending.append(batch)
        n_pending += len(batch)
        while n_pending >= size:
            table = pa.Table.from_batches(pending)
            yield table.slice(0, size)
            pending, n_pending = table.slice(size).to_batches(), n_pending - size
    if n_pending:
        yield pa.Table.from_batches(pending)
