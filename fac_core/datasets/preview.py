"""A look at a dataset before it is encoded: its columns, how records become samples, the first of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice, takewhile
from pathlib import Path

from fac_core.datasets.layouts import AUTOMATIC, ColumnMapping
from fac_core.datasets.prepare import sets_of
from fac_core.datasets.reading.records import Part, Record
from fac_core.datasets.samples import Failure, Sample
from fac_core.datasets.splits import heard


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
    left_out: tuple[str, ...] = ()
    """What is said of splits that are there and are not read."""


_SECONDS = 10.0
"""A look takes no longer: of a file that is slow to read it shows what it has by then."""


def _soon(part: Part) -> Part:
    """A part whose records end when the time is over."""
    until = time.monotonic() + _SECONDS
    return replace(part, read=lambda: takewhile(lambda _reading: time.monotonic() < until, part.read()))


def first_records(source: str | Path, n: int = 20) -> tuple[Record, ...]:
    """The first records, whatever they mean, or as many as there is time for.

    Raises `BadInput` for a source that cannot be read.
    """
    part = _soon(sets_of(source, AUTOMATIC)[1][0].parts[0])
    return tuple(one for one in islice(part.read(), n) if isinstance(one, Record))


def columns_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Their columns, in the order in which they come up."""
    return tuple(dict.fromkeys(str(column) for record in records for column in record.columns))


def preview(source: str | Path, mapping: ColumnMapping = AUTOMATIC, n: int = 20) -> Preview:
    """Read the first n records, or as many as there is time for; of a mixture, those of its first set.

    Raises the errors of `prepare`, so that what is wrong with a source or mapping is known before a job is started.
    """
    with heard() as said:
        name, sets = sets_of(source, mapping)
        looked = replace(sets[0], parts=[_soon(part) for part in sets[0].parts])
        outcomes = list(islice(looked.outcomes(), n))
    samples = tuple(one for one in outcomes if isinstance(one, Sample))
    failures = tuple(one for one in outcomes if isinstance(one, Failure))
    layout = samples[0].layout if samples else ""
    return Preview(name, columns_of(first_records(source, n)), layout, samples, failures, tuple(said))
