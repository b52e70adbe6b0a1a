"""File formats: for each one a function `(path, name) -> readings`, with memory for one record or one batch."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from fac_core.datasets.reading.bounds import Reader, bounded
from fac_core.datasets.reading.json_format import read_json
from fac_core.datasets.reading.parquet_format import read_parquet
from fac_core.datasets.reading.records import (
    LONGEST,
    MOST_BLANK,
    TOO_LONG,
    Reading,
    Record,
    Unreadable,
    check_columns,
    lines_of,
    open_bytes,
    open_text,
    shown,
    too_many_blank,
    utf8_error,
)
from fac_core.errors import BadInput

_FOR_EXCEL = re.compile(r'"?sep=(.)"?[\s,;|]*', re.IGNORECASE)
_LONGEST_FIELD = 2**31 - 1  # what a C long holds on every platform; Python's own limit is 128 kB


def read_text(path: Path, name: str) -> Iterator[Reading]:
    """Plain text: each line is one record with the column `text`."""
    n_blank = 0
    with open_bytes(path) as file:
        for number, (line, is_whole) in enumerate(lines_of(file), 1):
            n_blank = 0 if line.strip() else n_blank + 1
            if n_blank > MOST_BLANK:
                raise too_many_blank(path, number)
            origin = f"{name}:{number}"
            if not is_whole:
                yield Unreadable(origin, TOO_LONG, shown(line))
                continue
            try:
                yield Record(origin, {"text": line.decode().rstrip("\r\n")})
            except UnicodeDecodeError as error:
                yield Unreadable(origin, f"is not valid UTF-8 at byte {error.start + 1}", shown(line))


def read_csv(path: Path, name: str, *, delimiter: str | None = None) -> Iterator[Reading]:
    """Rows of a CSV file whose first line names the columns.

    Args:
        delimiter: None takes the one of `,`, `;`, tab and `|` that is most frequent in the first line. A line `sep=;` in
            front, which is for Excel, says it.

    Raises `BadInput` when the first line cannot name the columns.
    """
    csv.field_size_limit(_LONGEST_FIELD)  # one setting for the whole process: the csv module has no other
    with open_bytes(path) as file:
        text = open_text(file)
        n_blank = 0
        while (first := text.readline(LONGEST)).isspace():
            n_blank += 1
            if n_blank > MOST_BLANK:
                raise too_many_blank(path, n_blank)
        if for_excel := _FOR_EXCEL.fullmatch(first):
            delimiter, first, n_blank = for_excel[1], text.readline(LONGEST), n_blank + 1
        lines = _Lines(chain([first], iter(partial(text.readline, LONGEST), "")), path, n_blank + 1)
        n_blank = 0
        rows = csv.reader(lines, delimiter=delimiter or max(",;\t|", key=first.count), strict=True)
        header = _header(rows, path)
        while True:
            start = lines.begin_row()
            origin = f"{name}:{start}"
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield Unreadable(origin, f"is not CSV: {error}{lines.give_back()}", shown(lines.row[0]))
                continue
            if row is None:
                return
            n_blank = 0 if row else n_blank + 1
            if n_blank > MOST_BLANK:
                raise too_many_blank(path, start)
            if not row:
                continue  # a line without anything
            if problem := utf8_error("".join(row)):
                yield Unreadable(origin, problem, shown("".join(lines.row)))
            elif len(row) != len(header):
                detail = f"has {len(row)} fields where the first line has {len(header)}"
                yield Unreadable(origin, detail, shown("".join(lines.row)))
            else:
                yield Record(origin, dict(zip(header, row, strict=True)))


def _header(rows: Iterator[list[str]], path: Path) -> list[str]:
    try:
        header = next((row for row in rows if row), [])
    except csv.Error as error:
        raise BadInput(f"{path}:1: the line that names the columns is not CSV: {error}.") from error
    if utf8_error("".join(header)):
        raise BadInput(f"{path}:1: the line that names the columns is not UTF-8. Save the file as UTF-8.")
    check_columns(header, f"{path}:1")
    return header


class _Lines:
    """Lines for the csv module that can be handed out again.

    A quote that is opened and never closed makes the parser swallow the good rows behind it. So what it took
    beyond the first line of a malformed row is given back, and only that line is lost.
    """

    def __init__(self, lines: Iterator[str], path: Path, first: int) -> None:
        self._lines = lines
        self._path = path
        self._ahead: deque[str] = deque()
        self._first = first
        self._length = 0
        self.row: list[str] = []
        """The lines of the row that is being parsed."""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._ahead.popleft() if self._ahead else next(self._lines)
        self.row.append(line)
        self._length += len(line)
        if self._length >= LONGEST:
            why = "a quote is opened in this row and never closed" if len(self.row) > 1 else f"this row {TOO_LONG}"
            raise BadInput(f"{self._path}:{self._first}: {why}. Mend the file.")
        return line

    def begin_row(self) -> int:
        """Number of the line on which the next row begins."""
        self._first += len(self.row)
        self._length = 0
        self.row = []
        return self._first

    def give_back(self) -> str:
        """Hand out all but the row's first line again; returns what to add to the message."""
        again = self.row[1:]
        self._ahead.extendleft(reversed(again))
        self.row = self.row[:1]
        return " (a quote that is opened here is not closed)" if again else ""


FORMATS: dict[str, Reader] = {
    ".jsonl": bounded(read_json),
    ".ndjson": bounded(read_json),
    ".json": bounded(read_json),
    ".csv": bounded(read_csv),
    ".tsv": bounded(partial(read_csv, delimiter="\t")),
    ".parquet": read_parquet,  # has bounds of its own
    ".txt": bounded(read_text),
}
"""Reader by file ending; every one but Parquet may have `.gz` behind it."""


def reader_of(path: Path) -> Reader | None:
    """The reader for a file, by its ending; None when the ending is unknown."""
    *_, before, last = ("", "", *(suffix.lower() for suffix in path.suffixes))
    if last == ".gz":
        return None if before == ".parquet" else FORMATS.get(before)
    return FORMATS.get(last)
