"""A source, seen as parts that are read record by record.

A part is one file, one split of a hub dataset or one saved dataset: all its records have the same layout. What
cannot be read is a reading too, with its place and its reason, so that nothing gets lost between file and dataset.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fac_core.errors import BadInput

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 1 << 26
"""Bytes or characters of one record. Nobody's text is longer; a gigabyte without a line break fits into a megabyte of gzip."""

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


@contextmanager
def open_bytes(path: Path) -> Iterator[io.BufferedIOBase]:
    """The bytes of a file, unpacked if it is gzip (by its first bytes, not its name), without a byte order mark.

    Raises `BadInput` for a file that cannot be opened, is damaged, or is UTF-16.
    """
    try:
        with path.open("rb") as raw:
            file = gzip.GzipFile(fileobj=raw) if raw.peek(2).startswith(b"\x1f\x8b") else raw
            first = file.peek(4)
            if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise BadInput(f"{path} is UTF-16. Save it as UTF-8.")
            if first.startswith(codecs.BOM_UTF8):
                file.read(len(codecs.BOM_UTF8))
            yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadInput(f"{path} is a damaged gzip file ({error}). Get it again.") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or error}.") from error


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
    """The first name that is there more than once."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), None)


def arrow_readings(batch: pa.RecordBatch | pa.Table, name: str, first_row: int) -> Iterator[Reading]:
    """The rows of a batch, each with its origin `name:row`.

    Args:
        first_row: number of the batch's first row, counted from 1.

    Raises `BadInput` where two columns have the same name: a record could keep only one of them.
    """
    if twice := first_twice(batch.schema.names):
        raise BadInput(f"{name} has the column {twice!r} twice. Rename one of them.")
    try:
        rows = batch.to_pylist()
    except UnicodeDecodeError:  # one bad string must not take its neighbours along
        rows = [None] * batch.num_rows
    for offset, row in enumerate(rows):
        origin = f"{name}:{first_row + offset}"
        try:
            yield Record(origin, batch.slice(offset, 1).to_pylist()[0] if row is None else row)
        except UnicodeDecodeError as error:
            yield Unreadable(origin, "is not valid UTF-8", shown(error.object))
