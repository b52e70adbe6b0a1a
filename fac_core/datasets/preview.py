"""A look at a dataset before it is encoded: its columns, how records become samples, the first of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from pathlib import Path

from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.prepare import sets_of
from fac_core.datasets.records import Part, Record
from fac_core.datasets.samples import Failure, Sample


@dataclass(frozen=True)
class Preview:
    """The beginning of a dataset, as `prepare` would read it."""

    name: str
    columns: tuple[str, ...]
    """Of the first records, in their order."""
    layout: str
    """How a record becomes a sample, e.g. `{text}, label in label`; empty where none could."""
    samples: tuple[Sample, ...]
    failures: tuple[Failure, ...]
    """Records among the first that are no samples, with the reason."""


_SECONDS = 10.0
"""A look takes no longer: of a file that is slow to read it shows what it has by then."""


def _soon(part: Part, until: float) -> Part:
    """A part whose records end when the time is over."""
    return replace(part, read=lambda: takewhile(lambda _reading: time.monotonic() < until, part.read()))


def columns_of(source: str | Path, n: int = 20) -> tuple[str, ...]:
    """The columns of the first records, whatever they mean. Raises `BadInput` for a source that cannot be read."""
    parts = sets_of(source, AUTOMATIC)[1][0].parts
    columns: dict[str, None] = {}
    for reading in islice(_soon(parts[0], time.monotonic() + _SECONDS).read(), n):
        if isinstance(reading, Record):
            columns |= dict.fromkeys(map(str, reading.columns))
    return tuple(columns)


def preview(source: str | Path, mapping: ColumnMapping = AUTOMATIC, n: int = 20) -> Preview:
    """Read the first n records, or as many as there is time for; of a mixture, those of its first set.

    Raises the errors of `prepare`, so that what is wrong with a source or mapping is known before a job is started.
    """
    name, sets = sets_of(source, mapping)
    until = time.monotonic() + _SECONDS
    looked = replace(sets[0], parts=[_soon(part, until) for part in sets[0].parts])
    outcomes = list(islice(looked.outcomes(), n))
    samples = tuple(one for one in outcomes if isinstance(one, Sample))
    failures = tuple(one for one in outcomes if isinstance(one, Failure))
    return Preview(name, columns_of(source, n), samples[0].layout if samples else "", samples, failures)
