"""Just the texts of some datasets, one after another, for training."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.prepare import prepare
from fac_core.datasets.samples import iter_samples


def iter_texts(sources: Iterable[str | Path], mapping: ColumnMapping = AUTOMATIC) -> Iterator[str]:
    """The text of every sample. Duplicates are dropped within a source; raises what `prepare` raises."""
    for source in sources:
        with tempfile.TemporaryDirectory() as folder:
            dataset = prepare(source, Path(folder), mapping)
            for batch in iter_samples(dataset.samples):
                yield from batch["text"].to_pylist()
