"""What happens to a file on its way: cut, flipped, in another encoding, packed, misnamed."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from tests.hostile.well_formed import FORMATS

Make = Callable[[random.Random, Path], Path]
"""Draws, writes into a folder that is there, and returns what is to be read."""


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


def kinds() -> dict[str, tuple[Make, int]]:
    """By name how a file is made, and how many of it the whole corpus has."""
    found: dict[str, tuple[Make, int]] = {}
    for ending in FORMATS:
        for damage in DAMAGE:
            found[f"{ending} {damage.__name__}"] = damaged(ending, damage), 40
        found[f"{ending} packed"] = packed(ending), 40
        found[f"{ending} misnamed"] = misnamed(ending), 15
    return found
