"""Files of every format as they should be, their texts aside: each drawn from a generator of random numbers."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.texts import row, storable


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def jsonl(draw: random.Random) -> bytes:
    return b"\n".join(as_json(row(draw)) for _ in range(draw.randint(1, 25)))


def json_array(draw: random.Random) -> bytes:
    return as_json([row(draw) for _ in range(draw.randint(0, 25))])


def json_object(draw: random.Random) -> bytes:
    return json.dumps({"data": [row(draw) for _ in range(3)]}, indent=draw.choice((None, 2))).encode()


def table(draw: random.Random, delimiter: str = ",") -> bytes:
    written = io.StringIO(newline="")
    names = draw.sample(("text", "label", "id", "prompt", "response", ""), draw.randint(1, 4))
    writer = csv.writer(written, delimiter=delimiter, quoting=draw.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)))
    writer.writerow(names)
    for _ in range(draw.randint(0, 25)):
        writer.writerow([storable(draw).replace("\0", "") for _ in range(len(names) + (draw.random() < 0.1))])
    return written.getvalue().encode()


def lines(draw: random.Random) -> bytes:
    return "\n".join(storable(draw) for _ in range(draw.randint(0, 25))).encode()


def _columns(draw: random.Random) -> pa.Table:
    n = draw.randint(0, 20)
    kinds: dict[str, Callable[[], pa.Array]] = {
        "text": lambda: pa.array([storable(draw) for _ in range(n)]),
        "label": lambda: pa.array([draw.choice((None, 2**62, -1)) for _ in range(n)], pa.int64()),
        "id": lambda: pa.array([draw.choice((b"\xff\xfe", b"", None)) for _ in range(n)], pa.binary()),
        "messages": lambda: pa.array([[{"role": "user", "content": storable(draw)}] for _ in range(n)]),
        "when": lambda: pa.array([draw.choice((0, 2**62, -(2**62))) for _ in range(n)], pa.timestamp("ns", "UTC")),
        "span": lambda: pa.array([draw.choice((0, 2**62)) for _ in range(n)], pa.duration("ns")),
        "map": lambda: pa.array([[(storable(draw)[:9], 1)] for _ in range(n)], pa.map_(pa.string(), pa.int8())),
        "nothing": lambda: pa.nulls(n),
        "day": lambda: pa.array([draw.choice((0, 2**31 - 1)) for _ in range(n)], pa.date32()),
        "number": lambda: pa.array([draw.choice((float("nan"), 1e308)) for _ in range(n)]),
    }
    names = draw.sample(list(kinds), draw.randint(1, 5))
    return pa.table({name: kinds[name]() for name in names})


def parquet(draw: random.Random) -> bytes:
    sink = pa.BufferOutputStream()
    codec = draw.choice(("none", "snappy", "zstd", "gzip", "brotli"))
    pq.write_table(_columns(draw), sink, compression=codec, row_group_size=draw.choice((1, 7, 1000)))
    return sink.getvalue().to_pybytes()


def arrow(draw: random.Random) -> bytes:
    sink = pa.BufferOutputStream()
    found = _columns(draw)
    with pa.ipc.new_stream(sink, found.schema) as writer:
        writer.write_table(found)
    return sink.getvalue().to_pybytes()


FORMATS: dict[str, Callable[[random.Random], bytes]] = {
    ".jsonl": jsonl,
    ".json": json_array,
    ".ndjson": json_object,
    ".csv": table,
    ".tsv": lambda draw: table(draw, "\t"),
    ".parquet": parquet,
    ".arrow": arrow,
    ".txt": lines,
}
