"""JSON, whatever the extension says: one record a line, or one array of records.

Files named `.json` often hold one record a line, so the first character decides: `[` opens an array. Lines are
independent, so a malformed one costs itself alone. In an array nobody knows where the next record begins after a
malformed one: that is an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from fac_core.datasets.reading.records import (
    LONGEST,
    MOST_BLANK,
    TOO_LONG,
    Reading,
    Record,
    Unreadable,
    first_twice,
    lines_of,
    open_bytes,
    open_text,
    shown,
    too_many_blank,
    utf8_error,
)
from fac_core.errors import BadInput

_CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\r\n]*")


def read_json(path: Path, name: str) -> Iterator[Reading]:
    """Records of a JSON Lines file or a JSON array, in order; memory is that of one record.

    A file that is one object over several lines is one record. Raises `BadInput` where an array is malformed or cut off.
    """
    with open_bytes(path) as file:
        is_array = open_text(file).read(1024).lstrip().startswith("[")
    return _array(path, name) if is_array else _checked_lines(path, name)


def _checked_lines(path: Path, name: str) -> Iterator[Reading]:
    readings = read_lines(path, name)
    first = next(readings, None)
    if first is None:
        return
    if isinstance(first, Unreadable) and ".json" in path.suffixes:
        yield _only_object(path, name, first)
        return
    second = next(readings, None)
    if second is None and isinstance(first, Record):
        _check_record(path, first.columns)
    yield first
    if second is not None:
        yield second
        yield from readings


def _only_object(path: Path, name: str, first: Unreadable) -> Reading:
    """The object that a whole file is. Raises `BadInput` where it is none."""
    with open_bytes(path) as file:
        whole = file.read(LONGEST)
    try:
        value = _DECODER.decode(whole.decode()) if len(whole) < LONGEST else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadInput(
            f"{path} is neither an array of records nor one record a line ({first.origin} {first.detail})."
            " If the records are inside an object, save their list alone."
        )
    _check_record(path, value)
    return _reading(value, f"{name}:1", whole)


def _check_record(path: Path, only: dict[str, Any]) -> None:
    """Raise `BadInput` where the only record of a file is a table by columns, as pandas writes one unless told otherwise."""
    split = {"columns", "data"} <= set(only)
    values = list(only.values())
    dicts = bool(values) and all(isinstance(v, dict) and v for v in values)
    by_index = dicts and (all(map(str.isdigit, only)) or all(key.isdigit() for v in values for key in v))
    lists = len(values) > 1 and all(
        isinstance(v, list) and not any(isinstance(x, dict | list) for x in v) for v in values
    )
    if split or by_index or (lists and len(values[0]) > 1 and len({len(v) for v in values}) == 1):
        raise BadInput(
            f"{path} holds columns, not records. Save one record a line; in pandas: to_json(path, orient='records', lines=True)."
        )


class _Twice(dict[str, Any]):
    """An object with two values under one key, of which Python keeps one."""

    key = ""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        found = _Twice(found)
        found.key = first_twice([key for key, _ in pairs]) or ""
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def read_lines(path: Path, name: str) -> Iterator[Reading]:
    """One record a line: what is wrong with a line costs that line alone. Raises `BadInput` as `open_bytes` does."""
    n_blank = 0
    with open_bytes(path) as file:
        for number, (line, is_whole) in enumerate(lines_of(file), 1):
            n_blank = 0 if line.strip() else n_blank + 1
            if n_blank > MOST_BLANK:
                raise too_many_blank(path, number)
            if n_blank:
                continue  # the end of the file, or a gap that a person left
            origin = f"{name}:{number}"
            if not is_whole:
                yield Unreadable(origin, TOO_LONG, shown(line))
                continue
            try:
                value = _DECODER.decode(line.rstrip(b"\r\n").decode())
            except UnicodeDecodeError as error:
                yield Unreadable(origin, f"is not valid UTF-8 at byte {error.start + 1}", shown(line))
            except RecursionError:
                yield Unreadable(origin, "is nested too deeply", shown(line))
            except json.JSONDecodeError as error:
                yield Unreadable(
                    origin, f"is not JSON: {error.msg.removesuffix(' at')} at column {error.colno}", shown(line)
                )
            except ValueError as error:  # an integer of thousands of digits
                yield Unreadable(origin, f"is not JSON that can be read: {error}", shown(line))
            else:
                yield _reading(value, origin, line)


def _array(path: Path, name: str) -> Iterator[Reading]:
    with open_bytes(path) as file:
        array = _Array(path, open_text(file))
        for line, value, source in array:
            origin = f"{name}:{line}"
            if problem := utf8_error(source):
                yield Unreadable(origin, problem, shown(source))
            else:
                yield _reading(value, origin, source)


def _reading(value: Any, origin: str, source: str | bytes) -> Reading:
    match value:
        case _Twice():
            return Unreadable(origin, f"has the key {value.key!r} twice", shown(json.dumps(value)))
        case dict():
            return Record(origin, value)
        case str():
            return Record(origin, {"text": value})
        case _:
            return Unreadable(origin, f"is a JSON {type(value).__name__}, not an object", shown(source))


class _Array:
    """Elements of a JSON array, parsed one at a time: `(line, value, source text)`."""

    def __init__(self, path: Path, file: TextIO) -> None:
        self._path = path
        self._file = file
        self._buffer = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def __iter__(self) -> Iterator[tuple[int, Any, str]]:
        self._take("[")
        if self._next_character() == "]":
            return self._end()
        while True:
            self._next_character()
            value, end = self._value()
            line, source = self._line, self._buffer[self._at : end]
            self._move(end)
            yield line, value, source
            if self._next_character() == "]":
                return self._end()
            self._take(",")

    def _end(self) -> None:
        self._take("]")
        if self._next_character():
            raise self._malformed("something follows behind its end")

    def _value(self) -> tuple[Any, int]:
        """The value that begins here and its end in the buffer, with as much more of the file as it needs."""
        size = _CHUNK
        while True:
            problem: object = None
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
                if end < len(self._buffer) or self._ended:  # a number may go on behind the buffer's end
                    return value, end
            except (ValueError, RecursionError) as error:
                problem = error
            held = len(self._buffer) - self._at
            if self._ended or held > LONGEST:
                raise self._malformed(problem if self._ended else f"a record {TOO_LONG}")
            self._read(min(size, LONGEST + 1 - held))
            size *= 2  # a long record is parsed anew at each try: so keep the tries few

    def _next_character(self) -> str:
        """The first character that is no white space; it is not taken. Empty at the end of the file."""
        while True:
            if space := _SPACE.match(self._buffer, self._at):
                self._move(space.end())
            if self._at < len(self._buffer) or self._ended:
                return self._buffer[self._at : self._at + 1]
            self._read(_CHUNK)

    def _take(self, character: str) -> None:
        found = self._next_character()
        if found != character:
            raise self._malformed(f"expected {character!r}, found {found!r}" if found else "it is never closed")
        self._move(self._at + 1)

    def _move(self, to: int) -> None:
        self._line += self._buffer.count("\n", self._at, to)
        self._at = to

    def _read(self, size: int) -> None:
        more = self._file.read(size)
        self._ended = not more
        self._buffer = self._buffer[self._at :] + more
        self._at = 0

    def _malformed(self, problem: object) -> BadInput:
        line, detail = self._line, str(problem)
        if isinstance(problem, json.JSONDecodeError):
            line, detail = line + self._buffer.count("\n", self._at, problem.pos), problem.msg
        return BadInput(
            f"{self._path}:{line}: the JSON array is malformed: {detail}."
            " Mend it there, or save one record a line (JSONL)."
        )
