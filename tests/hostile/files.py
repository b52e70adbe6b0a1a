"""Dataset files, made from seeds: every format as it should be, and then cut, flipped, packed, misnamed or a bomb."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.hostile.texts import row, storable, text

Make = Callable[[random.Random, Path], Path]
"""Draws, writes into a folder that is there, and returns what is to be read."""

MB = 1 << 20


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def jsonl(draw: random.Random) -> bytes:
    return b"\n".join(_json(row(draw)) for _ in range(draw.randint(1, 25)))


def json_array(draw: random.Random) -> bytes:
    return _json([row(draw) for _ in range(draw.randint(0, 25))])


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


def as_is(draw: random.Random, content: bytes) -> bytes:
    return content


def cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def flipped(draw: random.Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(draw.choice((1, 5, 50)) if content else 0):
        damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
    return bytes(damaged)


def spliced(draw: random.Random, content: bytes) -> bytes:
    at, of = draw.randrange(len(content) + 1), draw.randrange(len(content) + 1)
    return (
        content[:at]
        + draw.choice((b"\0" * 64, b'"', b"[" * 3000, b"{", content[of:], b"\xff\xfe", b"\r"))
        + content[at:]
    )


def marked(draw: random.Random, content: bytes) -> bytes:
    decoded = content.decode(errors="replace")
    return decoded.encode(draw.choice(("utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-7")), errors="replace")


def with_carriage_returns(draw: random.Random, content: bytes) -> bytes:
    return content.replace(b"\n", draw.choice((b"\r\n", b"\r", b"\n\n\n", b"\x0b", b"\xe2\x80\xa8")))


def noise(draw: random.Random, content: bytes) -> bytes:
    return draw.randbytes(draw.choice((1, 40, 4000)))


DAMAGE = (as_is, cut, flipped, spliced, marked, with_carriage_returns, noise)
_PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
}


def damaged(ending: str, damage: Callable[[random.Random, bytes], bytes]) -> Make:
    def make(draw: random.Random, folder: Path) -> Path:
        path = folder / f"data{ending}"
        path.write_bytes(damage(draw, FORMATS[ending](draw)))
        return path

    return make


def packed(ending: str) -> Make:
    def make(draw: random.Random, folder: Path) -> Path:
        pack = draw.choice(list(_PACK))
        content = _PACK[pack](FORMATS[ending](draw))
        path = folder / f"data{ending}{draw.choice((pack, '', '.gz'))}"
        path.write_bytes(draw.choice((as_is, as_is, cut, flipped))(draw, content))
        return path

    return make


def misnamed(ending: str) -> Make:
    def make(draw: random.Random, folder: Path) -> Path:
        path = folder / f"data{draw.choice(list(FORMATS))}"
        path.write_bytes(FORMATS[ending](draw))
        return path

    return make


def folder_of_many(draw: random.Random, folder: Path) -> Path:
    for i in range(draw.randint(0, 8)):
        ending = draw.choice(list(FORMATS))
        name = draw.choice((f"{i}", f"{i} x", f"ü{i}", f".{i}", f"{i}\n", f"[bold]{i}", "a" * 200 + str(i)))
        (folder / f"{name}{ending}").write_bytes(draw.choice(DAMAGE)(draw, FORMATS[ending](draw)))
    match draw.randrange(4):
        case 0:
            (folder / "loop").symlink_to(folder, target_is_directory=True)
        case 1:
            (folder / "self.jsonl").symlink_to(folder / "self.jsonl")
        case 2:
            os.mkfifo(folder / "pipe.jsonl")
        case _:
            (folder / "zero.txt").symlink_to("/dev/zero")
    return folder


def no_file(draw: random.Random, folder: Path) -> Path:
    """What has the name of a file and is none."""
    path = folder / f"data{draw.choice(('.jsonl', '.csv', '.toml', '.parquet', '.txt.gz'))}"
    match draw.randrange(6):
        case 0:
            os.mkfifo(path)
        case 1:
            path.symlink_to("/dev/zero")
        case 2:
            path.symlink_to(path)
        case 3:
            path.mkdir()
        case 4:
            return folder / draw.choice(
                ("x" * 300 + ".jsonl", "a\0b.jsonl", "\ud800.csv", "~nobody/x.csv", "hub:../..", "")
            )
        case _:
            path.symlink_to("/proc/self/mem")
    return path


def saved(draw: random.Random, folder: Path) -> Path:
    """What `save_to_disk` writes, damaged in one of its files."""
    from datasets import Dataset

    Dataset.from_list([{"text": storable(draw), "label": i} for i in range(9)]).save_to_disk(folder / "saved")
    for path in sorted((folder / "saved").iterdir()):
        if draw.random() < 0.5:
            content = path.read_bytes()
            if path.suffix == ".json" and draw.random() < 0.6:
                content = _json(
                    draw.choice(([], {}, 3, None, {"_data_files": 3}, {"features": {"a": {"_type": "Evil"}}}))
                )
                if draw.random() < 0.5:
                    content = _json({"_data_files": [{"filename": "../../x"}], "_format_type": "torch", "_split": 3})
            path.write_bytes(draw.choice((as_is, cut, flipped))(draw, content))
    return folder / "saved"


def mixture(draw: random.Random, folder: Path) -> Path:
    (folder / "a.jsonl").write_bytes(jsonl(draw))
    path = draw.choice(
        (
            "a.jsonl",
            "../x",
            "/dev/zero",
            "package:os/path",
            "package:json/decoder.py",
            "${HOME}",
            "${NO}",
            "m.toml",
            "hub:a b",
        )
    )
    said = json.dumps(draw.choice(("set", storable(draw)[:60])), ensure_ascii=True).replace("\\u0000", "")
    content = f'name = {said}\n[[set]]\nname = "a"\npath = "{path}"\n'
    if draw.random() < 0.3:
        content += draw.choice(
            ("take = -1\n", "text = 3\n", "[[set]]\n", 'name = "b"\n', "[set]\n", "a = " + "[" * 20_000 + "\n")
        )
    (folder / "m.toml").write_bytes(draw.choice((as_is, as_is, cut, flipped, spliced))(draw, content.encode()))
    return folder / "m.toml"


# Bombs: small, and large when they are read.


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
    pq.write_table(pa.table({f"c{i}": ["x"] for i in range(draw.choice((100, 5000)))}), path)
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
    found: dict[str, tuple[Make, int]] = {}
    for ending in FORMATS:
        for damage in DAMAGE:
            found[f"{ending} {damage.__name__}"] = damaged(ending, damage), 40
        found[f"{ending} packed"] = packed(ending), 40
        found[f"{ending} misnamed"] = misnamed(ending), 15
    found["folder"] = folder_of_many, 150
    found["no file"] = no_file, 60
    found["saved"] = saved, 100
    found["mixture"] = mixture, 150
    return found | {f"bomb: {name}": (make, 4) for name, make in _BOMBS.items()}


def shown(draw: random.Random) -> str:
    """For other doors: a text as a file could hold it."""
    return text(draw)
