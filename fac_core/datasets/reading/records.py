"""A source, seen as parts that are read record by record.

A part is one file, one split of a hub dataset or one saved dataset: all its records have the same layout. What
cannot be read is a reading too, with its place and its reason, so that nothing gets lost between file and dataset.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fac_core.errors import BadInput
from fac_core.hub import POINTER

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 1 << 25
"""Bytes or characters of one record: nobody's text is longer, and as Python's objects JSON takes thirty times its bytes."""
MOST_BLANK = 1_000_000
"""Lines without anything, or records that are no samples, one after another: a person leaves a few, a damaged file a gigabyte."""
_LONGEST_NAME = 1000
"""Characters of a column's name."""
_MOST_TIMES = 200
"""Times its size that a file unpacks to, once it is longer than a record: text packs ten times, a bomb a thousand."""

_NO_TEXT = {
    POINTER: "not the file itself but git-lfs's pointer to it. Run `git lfs pull`, or download the file",
    b"PK\x03\x04": "a zip archive, which a workbook of Excel is, too. Unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old workbook of Excel. Save the sheet as CSV",
    b"\x28\xb5\x2f\xfd": "packed with zstd. Unpack it",
    b"\xfd7zXZ\x00": "packed with xz. Unpack it",
    b"PAR1": "a Parquet file. Give it the ending .parquet",
    b"ARROW1": "an Arrow file. Save it as Parquet",
    b"SQLite format 3": "a database of SQLite. Export the table as CSV",
    b"%PDF-": "a PDF. Save its text",
}
"""First bytes of files that are often misnamed -> what they are, and what to do."""

_BUFFER = 1 << 20
_SHOWN = 200
"""Characters of a text that a failure keeps."""


@dataclass(frozen=True)
class Record:
    """One record of a file, before anybody knows which of its columns is the text."""

    origin: str
    """`file:line`, or `file:row` where a format has no lines; both count from 1."""
    columns: dict[str, Any]
    """Value by column name, as the format gives it."""


@dataclass(frozen=True)
class Unreadable:
    """One record that its format's parser refuses."""

    origin: str
    """As in `Record`."""
    detail: str
    """What the parser says."""
    text: str
    """The first characters of it, as far as they can be decoded."""


Reading = Record | Unreadable
_NO_VALUE = (ValueError, ArithmeticError, LookupError, TypeError, RecursionError, NotImplementedError)
"""What Arrow raises for a value that Python has no form of: a day in the year five million, a time zone that there is not."""


@dataclass(frozen=True)
class Part:
    """Records with one layout, which can be read more than once."""

    place: str
    """What messages call it: a path or a hub id."""
    read: Callable[[], Iterator[Reading]]
    """Starts a new pass over the records."""
    is_among_others: bool = False
    """A file of a folder: it may be about the records of the others, not one of them."""


def lines_of(file: io.BufferedIOBase) -> Iterator[tuple[bytes, bool]]:
    """Each line, and whether that is all of it: of one that is longer than `LONGEST` only the beginning is kept."""
    while line := file.readline(LONGEST):
        whole = rest = line.endswith(b"\n") or len(line) < LONGEST
        while not rest:
            more = file.readline(LONGEST)
            rest = more.endswith(b"\n") or not more
        yield (line, True) if whole else (line[:_SHOWN], False)


TOO_LONG = f"is longer than {LONGEST >> 20} MB"


def too_many_blank(path: Path, line: int) -> BadInput:
    """Why reading stops behind `MOST_BLANK` lines without anything."""
    return BadInput(f"{path}:{line}: {MOST_BLANK:,} lines in a row before it are blank. Take them out of the file.")


class _AsFound(io.RawIOBase):
    """A file as long as it was when it was opened: reading one that somebody adds to comes to an end."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        self._left = os.fstat(file.fileno()).st_size
        self.n_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._file.readinto(memoryview(buffer)[: self._left]) or 0
        self._left -= n
        self.n_read += n
        return n


class _Unpacked(io.RawIOBase):
    """What a gzip file holds. Raises `BadInput` for one that is nothing but large."""

    def __init__(self, path: Path, packed: _AsFound, file: io.BufferedIOBase) -> None:
        self._path = path
        self._packed = packed
        self._file = gzip.GzipFile(fileobj=file)
        self._n_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._file.readinto(buffer)
        self._n_read += n
        if self._n_read > max(LONGEST, _MOST_TIMES * self._packed.n_read):
            raise BadInput(
                f"{self._path} unpacks to more than {_MOST_TIMES} times its size, as no text does. Unpack it, and look at it."
            )
        return n


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked if it is gzip (by its first bytes, not its name), without a byte order mark.

    Raises `BadInput` for what is no file or cannot be opened, is damaged, unpacks without end, needs more memory than there
    is, or is UTF-16.
    """
    try:
        if not path.is_file() and path.exists():
            raise BadInput(f"{path} is no file. Copy what it gives into one.")
        with path.open("rb", buffering=0) as raw:
            found = _AsFound(raw)
            file = io.BufferedReader(found, _BUFFER)
            if file.peek(2).startswith(b"\x1f\x8b"):
                file = io.BufferedReader(_Unpacked(path, found, file), _BUFFER)
            first = file.peek(64)
            check_beginning(path, first)
            if first.startswith(codecs.BOM_UTF8):
                file.read(len(codecs.BOM_UTF8))
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path} is a damaged gzip file ({error}). Get it again.") from error
    except MemoryError as error:
        raise BadInput(
            f"{path} has a record that needs more memory than there is. Take it out, or split it."
        ) from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


def check_beginning(path: Path, first: bytes) -> None:
    """Raise `BadInput` for a file that is something else than its name says, by its first bytes."""
    if told := next((told for begin, told in _NO_TEXT.items() if first.startswith(begin)), None):
        raise BadInput(f"{path} is {told}.")
    if (
        first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        or first[:4:2] == b"\0\0"
        or first[1:4:2] == b"\0\0"
    ):
        raise BadInput(f"{path} is UTF-16 or UTF-32. Save it as UTF-8.")
    if re.match(rb"\s*<(!doctype html|html)\b", first, re.IGNORECASE) and path.suffix.lower() != ".txt":
        raise BadInput(f"{path} is a web page. Download the file itself: its page may ask you to sign in.")


def open_text(file: io.BufferedIOBase) -> io.TextIOWrapper:
    """Text of a byte stream, line ends untouched; bytes that are no UTF-8 stay visible to `utf8_error`."""
    return io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")  # type: ignore[arg-type]


def utf8_error(text: str) -> str | None:
    """Why `text` is not Unicode text, or None. Found are undecoded bytes and halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"is not valid UTF-8 at character {error.start + 1}"
    return None


def shown(text: str | bytes) -> str:
    """The beginning of `text`, storable."""
    return storable(text[:_SHOWN]) if isinstance(text, str) else text[:_SHOWN].decode(errors="replace")


def storable(text: str) -> str:
    """`text` with what is not Unicode text replaced."""
    return text.encode(errors="surrogatepass").decode(errors="replace")


def first_twice(names: Sequence[str]) -> str | None:
    """The first name that is there more than once, as a message shows it."""
    seen: set[str] = set()
    return next((shown(name) for name in names if name in seen or seen.add(name)), None)


def check_columns(names: Sequence[str], place: str) -> None:
    """Raises `BadInput` where two columns have the same name, as a record could keep only one of them, and where a name is a text:
    each record would hold it."""
    if twice := first_twice(names):
        raise BadInput(f"{place}: the column {twice!r} is there twice. Rename one of them.")
    if long := next((name for name in names if len(name) > _LONGEST_NAME), None):
        raise BadInput(
            f"{place}: a column has a name of {len(long):,} characters, which begins {shown(long)[:60]!r}. Rename it, or give"
            " the file a first line that names its columns."
        )


def arrow_readings(batch: pa.RecordBatch | pa.Table, name: str, first_row: int) -> Iterator[Reading]:
    """The rows of a batch, each with its origin `name:row`.

    Args:
        first_row: number of the batch's first row, counted from 1.

    Raises `BadInput` for names of columns that are none (`check_columns`).
    """
    check_columns(batch.schema.names, name)
    rows: list[Any] = [None] * batch.num_rows
    if batch.nbytes <= LONGEST:
        with suppress(*_NO_VALUE):  # one bad value must not take its neighbours along
            rows = batch.to_pylist()
    for offset, row in enumerate(rows):
        origin = f"{name}:{first_row + offset}"
        try:
            if row is None:
                one = batch.slice(offset, 1)
                if one.nbytes > LONGEST:
                    yield Unreadable(origin, TOO_LONG, "")
                    continue
                row = _row(one)
            yield Record(origin, row)
        except UnicodeDecodeError as error:
            yield Unreadable(origin, "is not valid UTF-8", shown(error.object))
        except _NO_VALUE as error:
            yield Unreadable(origin, f"has a value that cannot be read: {storable(str(error)[:_SHOWN])}", "")


def _row(one: pa.RecordBatch | pa.Table) -> dict[str, Any]:
    """The only row of a batch; what Python has no form of as Arrow writes it, or as its number (in a time zone that there is not)."""
    row = {}
    for name, column in zip(one.schema.names, one.columns, strict=True):
        try:
            row[name] = column.to_pylist()[0]
        except UnicodeDecodeError:
            raise
        except _NO_VALUE:
            try:
                row[name] = column.cast("string").to_pylist()[0]
            except _NO_VALUE:
                row[name] = column.cast("int64").to_pylist()[0]
    return row
