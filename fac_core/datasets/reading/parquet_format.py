"""Parquet, with memory for one batch: its size follows what rows can decode to, which a small file says nothing about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from fac_core.datasets.reading.records import LONGEST, TOO_LONG, Reading, arrow_readings, check_beginning
from fac_core.errors import BadInput

_BATCH_ROWS = 256
_BUFFER = 1 << 20
"""Bytes of a column that are read ahead: without a limit it is all of the row group."""
_LEAST_OF_A_RECORD = 64
"""Bytes that a row of nothing takes as a record."""
_MOST_TIMES, _ALWAYS_FINE = 1000, 1 << 28
"""A file that decodes to so many times its size is a bomb, from so many bytes on."""
_MOST_COLUMNS = 10_000
"""Fields of structures counted. Each costs ten thousand bytes, however empty, and pyarrow ends the process without them."""
_LONGEST_LIST = 200_000
"""Columns or row groups that a footer may name at all: read, it takes thirteen times its bytes."""
_DICTIONARY_PAGE = 2


def read_parquet(path: Path, name: str) -> Iterator[Reading]:
    """Rows of a Parquet file.

    Raises `BadInput` when it is none, is damaged, has rows that are longer than a text can be or more columns than anybody
    would look at, is nothing but a footer, or decodes to a thousand times its size. A single page, which the format limits to two gigabytes, is always decoded as a whole.
    """
    row, decoded = 1, 0
    size = path.stat().st_size
    try:
        with path.open("rb") as raw, _opened(path, raw, size) as file:
            for group in range(file.num_row_groups):
                n_rows = _rows_at_once(file.metadata.row_group(group), raw, path, row)
                for batch in map(_decoded, file.iter_batches(batch_size=n_rows, row_groups=[group])):
                    decoded += max(batch.nbytes, batch.num_rows * _LEAST_OF_A_RECORD)
                    if decoded > max(_ALWAYS_FINE, _MOST_TIMES * size):
                        raise BadInput(
                            f"{path} decodes to more than {_MOST_TIMES:,} times its size (row {row:,}), as no texts do."
                            " Write it without the rows that repeat."
                        )
                    yield from arrow_readings(batch, name, row)
                    row += batch.num_rows
    except MemoryError as error:
        raise BadInput(f"{path} needs more memory than there is (row {row:,}). Write smaller row groups.") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{path} is not a whole Parquet file (row {row}: {reason}). Get or write it again.") from error


def _opened(path: Path, raw: BinaryIO, size: int) -> pq.ParquetFile:
    """The file, if what it says of itself is of bounded size."""
    if not (first := raw.read(64)).startswith(b"PAR"):
        check_beginning(path, first)
    raw.seek(max(0, size - 8))
    footer = int.from_bytes(raw.read(4), "little")
    if max(LONGEST, size // 4) < footer < size:  # a longer one is pyarrow's to refuse: the file is damaged
        raise BadInput(
            f"{path} is nothing but a footer of {footer >> 20:,} MB. Write larger row groups, of fewer columns."
        )
    file = pq.ParquetFile(path, buffer_size=_BUFFER, thrift_container_size_limit=_LONGEST_LIST)
    if file.metadata.num_columns > _MOST_COLUMNS:
        n_columns = file.metadata.num_columns
        file.close()
        raise BadInput(
            f"{path} has {n_columns:,} columns; at most {_MOST_COLUMNS:,} are read. Write it with those that hold texts."
        )
    return file


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With the words themselves where the file's writer had names for them, so that their bytes can be counted."""
    plain = [_words(one.dictionary_decode() if pa.types.is_dictionary(one.type) else one) for one in batch.columns]
    return pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


def _words(column: pa.Array) -> pa.Array:
    """Bytes that are text as text: older writers do not say which of them are."""
    if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
        with suppress(pa.ArrowInvalid):
            return column.cast(pa.large_string() if pa.types.is_large_binary(column.type) else pa.string())
    return column


def _rows_at_once(group: pq.RowGroupMetaData, raw: object, path: Path, row: int) -> int:
    """Rows of a row group that decode to no more than a long record, as far as the file says it."""
    most = _BATCH_ROWS
    for column in map(group.column, range(group.num_columns)):
        if not column.num_values:
            continue
        each = column.total_uncompressed_size // max(1, min(column.num_values, group.num_rows))
        if each > LONGEST:
            raise BadInput(f"{path}: from row {row:,} on, {column.path_in_schema} {TOO_LONG} in each. Shorten it.")
        most = min(most, LONGEST // max(1, each, _dictionary(column, raw)))
    return max(1, most)


def _dictionary(column: pq.ColumnChunkMetaData, raw) -> int:
    """Bytes of a column's dictionary, which may be one value that every row names.

    Nothing but the header of its page says it: Thrift's compact numbers, type and size in front.
    """
    at = column.dictionary_page_offset or column.data_page_offset
    raw.seek(at)
    numbers = _numbers(raw.read(32))
    return numbers[1] if len(numbers) > 1 and numbers[0] == _DICTIONARY_PAGE else 0


def _numbers(header: bytes) -> list[int]:
    """The first two fields of a Thrift structure, where both are whole numbers.

    >>> _numbers(bytes([0x15, 0x04, 0x15, 0x80, 0x01]))
    [2, 64]
    """
    found: list[int] = []
    at = 0
    for _ in range(2):
        if header[at : at + 1] != b"\x15":  # the next field, of type i32
            break
        value = shift = 0
        for at in range(at + 1, len(header)):  # noqa: B020
            value |= (header[at] & 0x7F) << shift
            shift += 7
            if header[at] < 0x80:
                break
        found.append(value >> 1)  # zigzag, of a number that is not negative
        at += 1
    return found
