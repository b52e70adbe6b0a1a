"""Bombs: small, and large or slow when they are read."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.damage import Make

MB = 1 << 20


def _bomb(name: str, pieces: Callable[[random.Random], tuple[bytes, bytes, int, bytes]], *, pack: bool) -> Make:
    """A beginning, a piece that is there so many times, an end."""

    def make(draw: random.Random, folder: Path) -> Path:
        first, piece, times, last = pieces(draw)
        path = folder / (name + ".gz" * pack)
        block = piece * max(1, min(times, MB // len(piece)))
        with gzip.open(path, "wb", 1) if pack else path.open("wb") as file:
            file.write(first)
            for _ in range(times * len(piece) // len(block)):
                file.write(block)
            file.write(last)
        return path

    return make


def parquet_of_one_word(draw: random.Random, folder: Path) -> Path:
    """A dictionary page with one long word, which every row names."""
    path = folder / "words.parquet"
    length, rows = draw.choice(((MB, 200_000), (10 * MB, 20_000), (50 * MB, 1000), (100, 30_000_000)))
    word = pa.DictionaryArray.from_arrays(pa.array([0] * min(rows, 1000), pa.int32()), ["x" * length])
    name = draw.choice(("text", "messages"))
    with pq.ParquetWriter(
        path, pa.schema({name: word.type}), compression="zstd", dictionary_pagesize_limit=1 << 30
    ) as writer:
        for _ in range(max(1, rows // 1000)):
            writer.write_table(pa.table({name: word}), row_group_size=1 << 30)
    return path


def parquet_of_one_page(draw: random.Random, folder: Path) -> Path:
    """Values that are long, compress well, and stand in one row group, or in one row."""
    path = folder / "page.parquet"
    n, length = draw.choice(((64, 16 * MB), (4, 256 * MB), (1, 1500 * MB), (100_000, 10_000)))
    kind = draw.choice(("text", "list"))
    one = "x" * length
    schema = pa.schema({"text": pa.large_string() if kind == "text" else pa.list_(pa.large_string())})
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        for _ in range(n if length >= 16 * MB else 10):
            rows = [one if kind == "text" else [one]] * (1 if length >= 16 * MB else n // 10)
            writer.write_table(pa.table({"text": pa.array(rows, schema.field("text").type)}))
    return path


def parquet_of_nulls(draw: random.Random, folder: Path) -> Path:
    path = folder / "nulls.parquet"
    pq.write_table(pa.table({"text": pa.nulls(draw.choice((10_000, 50_000_000)), pa.string())}), path)
    return path


def parquet_of_columns(draw: random.Random, folder: Path) -> Path:
    path = folder / "wide.parquet"
    names = [draw.choice(("text", "c")), *(f"c{i}" for i in range(draw.choice((100, 5000, 50_000, 200_000))))]
    pq.write_table(pa.table({name: ["x"] for name in names}), path)
    return path


def parquet_deep(draw: random.Random, folder: Path) -> Path:
    path = folder / "deep.parquet"
    kind: pa.DataType = pa.string()
    found: Any = "x"
    for _ in range(draw.choice((5, 60, 400))):
        kind, found = pa.list_(kind), [found]
    try:
        pq.write_table(pa.table({"text": pa.array([found], kind)}), path)
    except pa.ArrowException:
        path.write_bytes(b"PAR1")
    return path


_BOMBS: dict[str, Make] = {
    "gigabyte without a break, packed": _bomb("a.jsonl", lambda d: (b"", b"x", 1 << 30, b""), pack=True),
    "gigabyte without a break": _bomb("a.txt", lambda d: (b"", b"x", 1 << 30, b""), pack=False),
    "gigabyte of blank lines": _bomb(
        "a.csv", lambda d: (b"", d.choice((b"\n", b" \n", b"\r\n")), 1 << 29, b"text\nx\n"), pack=False
    ),
    "gigabyte of blank lines, packed": _bomb("a.csv", lambda d: (b"", b"\n", 1 << 30, b"text\nx\n"), pack=True),
    "blank lines in the middle": _bomb("a.csv", lambda d: (b"text\nx\n", b"\n", 1 << 29, b"y\n"), pack=False),
    "blank lines of JSON": _bomb(
        "a.jsonl", lambda d: (b'{"text": "x"}\n', d.choice((b"\n", b" ", b" \n")), 1 << 29, b"\n"), pack=False
    ),
    "empty lines of text": _bomb("a.txt", lambda d: (b"x\n", b"\n", 1 << 20, b""), pack=False),
    "empty objects": _bomb("a.jsonl", lambda d: (b'{"text": "x"}\n', b"{}\n", 1 << 20, b""), pack=True),
    "empty objects, packed": _bomb("a.jsonl", lambda d: (b'{"text": "x"}\n', b"{}\n", 1 << 28, b""), pack=True),
    "empty objects of an array": _bomb("a.json", lambda d: (b"[", b"{},", 1 << 28, b"{}]"), pack=False),
    "empty objects of an array, packed": _bomb("a.json", lambda d: (b"[", b"{},", 1 << 28, b"{}]"), pack=True),
    "numbers behind a record": _bomb(
        "a.json", lambda d: (b'[{"text": "x"},', d.choice((b"0,", b"[],", b"{},")), 1 << 28, b"0]"), pack=False
    ),
    "small records, packed": _bomb(
        "a.jsonl",
        lambda d: (b'{"text": "x"}\n', d.choice((b'{"a":1}\n', b'{"text":""}\n', b'""\n', b"0\n")), 1 << 28, b""),
        pack=True,
    ),
    "small rows, packed": _bomb(
        "a.csv", lambda d: (b"text,b\nx,y\n", d.choice((b",\n", b"x,\n", b"1\n")), 1 << 28, b""), pack=True
    ),
    "small lines, packed": _bomb("a.txt", lambda d: (b"", d.choice((b"x\n", b" \n")), 1 << 28, b""), pack=True),
    "a gigabyte of empty lines": _bomb("a.txt", lambda d: (b"x\n", b"\n", 1 << 30, b""), pack=False),
    "many keys": lambda d, f: _written(
        f / "a.jsonl",
        b"\n".join(
            b"{"
            + b",".join(b'"%d %d": 1' % (r * other, i) for i in range(100_000))
            + b',"%s": "%d"}' % (d.choice((b"text", b"a")), r)
            for other in (d.choice((0, 1)),)
            for r in range(40)
        ),
    ),
    "many columns, many rows": lambda d, f: _written(
        f / "a.csv",
        d.choice((b"text", b"a"))
        + b"".join(b",c%d" % i for i in range(100_000))
        + b"\n"
        + b"".join(b"%d" % r + b"," * (100_000 - d.choice((0, 0, 1))) + b"\n" for r in range(100)),
    ),
    "a column with a long name": lambda d, f: _written(
        f / "a.csv", b"x" * MB + d.choice((b"\n", b",text\n")) + d.choice((b'""\n', b'"",\n', b"a,\n")) * 30_000
    ),
    "roles without end": lambda d, f: _written(
        f / "a.jsonl",
        b"".join(b'{"messages": [{"role": "%s%d", "content": "%d"}]}\n' % (b"x" * 5000, i, i) for i in range(20_000)),
    ),
    "one line of lists": _bomb(
        "a.jsonl",
        lambda d: (b'{"text": [', d.choice((b"[],", b"{},", b'{"":[]},', b"0,", b'"ab",', b"1.5,")), 10 * MB, b"0]}\n"),
        pack=False,
    ),
    "one array of lists": _bomb(
        "a.json", lambda d: (b"[[", d.choice((b"[],", b"{},", b'{"":[]},', b"0,")), 40 * MB, b"0]]"), pack=False
    ),
    "array never closed": _bomb(
        "a.json", lambda d: (b"[", d.choice((b"[", b'{"a":', b'"', b" ", b"1", b"{},")), 1 << 28, b""), pack=False
    ),
    "deep": _bomb(
        "a.jsonl",
        lambda d: (b'{"text": ', d.choice((b"[", b'{"a":')), d.choice((200, 990, 10_000, 10**6)), b""),
        pack=False,
    ),
    "deep, closed": lambda d, f: _written(
        f / "a.jsonl",
        b'{"text": ' + b"[" * (n := d.choice((100, 330, 480, 950, 990, 10_000, 10**6))) + b"]" * n + b"}\n",
    ),
    "deep, alone": lambda d, f: _written(
        f / "a.json", b"[" * (n := d.choice((100, 330, 480, 950, 985, 990, 10_000, 10**6))) + b"]" * n
    ),
    "deep string": lambda d, f: _written(f / "a.csv", b'messages\n"' + b"[" * d.choice((100, 990, 10_000)) + b'"\n'),
    "digits": lambda d, f: _written(
        f / d.choice(("a.jsonl", "a.json")), b'[{"text": ' + b"9" * d.choice((4000, 4400, 10**6, 3 * 10**7)) + b"}]\n"
    ),
    "digits behind a dot": lambda d, f: _written(
        f / "a.jsonl", b'{"text": 0.' + b"9" * d.choice((5000, 10**6)) + b"e" + b"9" * 400 + b"}\n"
    ),
    "ten megabytes of a word": lambda d, f: _written(
        f / d.choice(("a.txt", "a.csv")), b"text\n" + d.choice((b"x", "é".encode(), "😀".encode())) * 10_000_000 + b"\n"
    ),
    "quote never closed": lambda d, f: _written(
        f / "a.csv", b'text,b\n"' + b"x,1\n" * d.choice((1000, 10**6, 3 * 10**7))
    ),
    "quotes without an end": lambda d, f: _written(f / "a.csv", b"text,b\n" + b'"\n' * d.choice((1000, 30_000))),
    "a thousand columns": lambda d, f: _written(
        f / "a.csv", b",".join(b"c%d" % i for i in range(100_000)) + b"\n" + b"," * 99_999 + b"\n"
    ),
    "the same column": lambda d, f: _written(f / "a.csv", b"," * d.choice((10, 20_000)) + b"\n1\n"),
    "a key again and again": lambda d, f: _written(
        f / "a.jsonl", b"{" + b",".join(b'"text": "%d"' % i for i in range(200_000)) + b"}\n"
    ),
    "rows of other columns": lambda d, f: _written(
        f / "a.jsonl", b"\n".join(b'{"text": "%d", "c%d": 1}' % (i, i) for i in range(20_000))
    ),
    "gzip in gzip": lambda d, f: _written(f / "a.txt.gz", gzip.compress(gzip.compress(b"text\n" * 100))),
    "many members": lambda d, f: _written(f / "a.txt.gz", gzip.compress(b"") * 200_000),
    "parquet of one word": parquet_of_one_word,
    "parquet of one page": parquet_of_one_page,
    "parquet of nulls": parquet_of_nulls,
    "parquet of columns": parquet_of_columns,
    "parquet, deep": parquet_deep,
}


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def kinds() -> dict[str, tuple[Make, int]]:
    """By name how a file is made, and how many of it the whole corpus has."""
    return {f"bomb: {name}": (make, 4) for name, make in _BOMBS.items()}
