"""Samples and failures, and the two Parquet files that hold them.

`samples.parquet` has one row a sample, in order; `failures.parquet` one row for each record that became none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.datasets.chats import Message, to_json, transcript
from fac_core.datasets.columns import Reason, Refused
from fac_core.datasets.layouts import Layout
from fac_core.datasets.reading.records import Record, shown, storable, utf8_error
from fac_core.errors import BadInput

SAMPLES = pa.schema(
    {
        "sample_id": pa.uint32(),
        "text": pa.string(),
        "messages": pa.string(),
        "metadata": pa.string(),
        "origin": pa.string(),
    }
)
FAILURES = pa.schema({"origin": pa.string(), "reason": pa.string(), "detail": pa.string(), "text": pa.string()})

_GROUP_ROWS = 4096
_GROUP_CHARACTERS = 1 << 24


@dataclass(frozen=True)
class Sample:
    """One text or chat, on its way into a dataset."""

    text: str
    """The text, or the transcript of the chat."""
    messages: list[Message] | None
    """None for a plain text."""
    metadata: dict[str, Any]
    """`id`, `label` and `set`, as far as there are any."""
    origin: str
    """`file:line`."""
    layout: str
    """Description of the layout by which it was read."""

    def content(self) -> str:
        """What the sample says, as one string; never equal for a text and a chat."""
        return self.text if self.messages is None else "\0" + to_json(self.messages)

    def identity(self) -> str:
        """The same up to white space at the ends of the text or of each message: duplicates are equal."""
        if self.messages is None:
            return self.text.strip()
        stripped = [Message(message.role, message.content.strip()) for message in self.messages]
        return replace(self, messages=stripped).content()


@dataclass(frozen=True)
class Failure:
    """One record that is not a sample, and why."""

    origin: str
    reason: Reason
    detail: str
    text: str
    """The first 200 characters of the record or text."""


def sample_of(record: Record, layout: Layout, metadata: dict[str, Any]) -> Sample | Failure:
    """What becomes of a record.

    Args:
        metadata: what every sample of this source has; added to the layout's own.
    """
    try:
        return _sample(record, layout, metadata)
    except RecursionError:
        return Failure(record.origin, "unreadable", "is nested too deeply", "")
    except Refused as refused:
        return Failure(record.origin, refused.reason, refused.detail, _beginning(record.columns))


def _sample(record: Record, layout: Layout, metadata: dict[str, Any]) -> Sample:
    content = layout.content(record.columns)
    messages, text = (None, content) if isinstance(content, str) else (content, transcript(content)[0])
    said = text if messages is None else "".join(message.content for message in messages)
    if not said.strip():
        raise Refused("empty", "there is only white space" if said else "there is no text")
    metadata = {**layout.metadata(record.columns), **metadata}
    if problem := utf8_error(text + as_json(metadata)):
        raise Refused("unreadable", problem)
    return Sample(text, messages, metadata, record.origin, layout.description)


def _beginning(columns: dict[str, Any]) -> str:
    """Of a record, for who looks for it."""
    try:
        return shown(as_json(columns))
    except RecursionError:
        return shown(f"{{{', '.join(map(repr, columns))}}}")


def as_json(value: dict[str, Any]) -> str:
    """JSON of a record's columns or a sample's metadata; what JSON does not know becomes a string."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str, allow_nan=False)
    except ValueError:  # NaN and Infinity are no JSON: they become strings
        legal = json.loads(json.dumps(value, default=str), parse_constant=str)
        return json.dumps(legal, ensure_ascii=False)


@dataclass
class _Table:
    """Rows that go to a Parquet file in groups of bounded size."""

    path: Path
    schema: pa.Schema
    rows: list[dict[str, Any]] = field(default_factory=list)
    characters: int = 0

    def __post_init__(self) -> None:
        self._writer = pq.ParquetWriter(self.path, self.schema, compression="zstd")

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        self.characters += len(row["text"])
        if len(self.rows) == _GROUP_ROWS or self.characters > _GROUP_CHARACTERS:
            self._flush()

    def close(self) -> None:
        if self.rows:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
        self.rows, self.characters = [], 0


class SampleWriter:
    """Writes samples and failures into a folder; sample ids count from 0 in the order of writing."""

    def __init__(self, folder: Path) -> None:
        self.samples = folder / "samples.parquet"
        self.failures = folder / "failures.parquet"
        self.n_samples = 0
        self._samples = _Table(self.samples, SAMPLES)
        self._failures = _Table(self.failures, FAILURES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._samples.close()
        self._failures.close()

    def add(self, outcome: Sample | Failure) -> None:
        """Append a sample or a failure."""
        if isinstance(outcome, Failure):
            self._failures.add({column: storable(value) for column, value in vars(outcome).items()})
            return
        self._samples.add(
            {
                "sample_id": self.n_samples,
                "text": outcome.text,
                "messages": None if outcome.messages is None else to_json(outcome.messages),
                "metadata": as_json(outcome.metadata),
                "origin": storable(outcome.origin),
            }
        )
        self.n_samples += 1


def iter_samples(path: Path, *, batch_size: int = 1024) -> Iterator[pa.RecordBatch]:
    """Batches of a `samples.parquet` (schema `SAMPLES`), in order, with memory for one of them.

    Raises `BadInput` when the file is missing or is not one of samples.
    """
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(SAMPLES):
                raise BadInput(f"{path} does not hold samples. Prepare the dataset again.")
            yield from file.iter_batches(batch_size=batch_size)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path} is missing or damaged. Prepare the dataset again.") from error
