"""Shards: consecutive samples of a dataset, planned before encoding, named by content, written once.

`<hash>.activations.parquet` is written last; while it is absent the shard is pending. Resume is therefore
"planned minus present", and a killed job loses at most the shard that it was in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.activations.encoder import Encoded
from fac_core.datasets.chats import Message
from fac_core.whole import whole

_PARTS = ("samples", "examples", "outside", "failures", "activations")  # in the order of writing


@dataclass(frozen=True)
class Shard:
    """One planned shard, with its samples."""

    folder: Path
    key: str
    """Hash of the samples and of everything that decides their activations."""
    sample_ids: np.ndarray
    """`[samples]` uint32."""
    texts: list[str]
    chats: list[list[Message] | None]
    origins: list[str]

    def part(self, name: str) -> Path:
        """Path of one of the shard's Parquet files."""
        return self.folder / f"{self.key}.{name}.parquet"

    @property
    def is_present(self) -> bool:
        return self.part(_PARTS[-1]).exists()

    def write(self, encoded: Encoded, failures: pa.Table) -> None:
        """Write all parts, each atomically, the activations last."""
        parts = (encoded.samples, encoded.examples, encoded.outside, failures, encoded.activations)
        tables = dict(zip(_PARTS, parts, strict=True))
        for name, table in tables.items():
            with whole(self.part(name)) as building:
                pq.write_table(table, building, compression="zstd")


def shard_size(n_samples: int) -> int:
    """Samples a shard: small enough to lose little, and never so many shards that their proposals pile up."""
    return int(np.clip(n_samples // 64, 512, 8192))


def plan(samples: Path, folder: Path, *, size: int, identity: str) -> Iterator[Shard]:
    """Cut `samples.parquet` into shards, reading one at a time.

    Args:
        identity: everything that decides the activations besides the samples: space, window, roles, dtype.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for batch in _batches_of(pq.ParquetFile(samples), size):
        digest = hashlib.sha256(identity.encode())
        for column in ("sample_id", "text", "messages"):  # ids too: the same texts at other places are another shard
            digest.update(json.dumps(batch[column].to_pylist()).encode())
        yield Shard(
            folder,
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
