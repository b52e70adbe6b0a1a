"""Any bytes, any JSON, any text that hypothesis comes upon, through the same doors: read, or refused in words of ours."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fac_core.datasets.reading.formats import FORMATS
from fac_core.errors import FacError
from tests.hostile.doors import DOORS

WORDS = st.sampled_from(
    ("text", "messages", "role", "content", "user", "label", "index", "description", "choices", "0")
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), v, max_size=4)
)
RECORDS = st.lists(st.dictionaries(WORDS, VALUES, max_size=4), min_size=1, max_size=6)
PIECES = (
    '{"text": "a"}',
    "text,label",
    '"',
    "\n",
    "\r",
    ",",
    "{",
    "}",
    "[",
    "]",
    "[{",
    "<think>",
    "```json",
    "1e999",
    "\\u0000",
)
BYTES = st.binary(max_size=60) | st.lists(st.sampled_from([p.encode() for p in PIECES]), max_size=20).map(b"".join)
SAID = st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join) | VALUES.map(json.dumps)

few = settings(max_examples=60, deadline=None)


def lines(records: list[object]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def passes(door: str, name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        with suppress(FacError):
            DOORS[door](path)


@pytest.mark.parametrize("ending", FORMATS)
@few
@given(content=BYTES)
def test_a_file_of_any_bytes(ending, content):
    passes("dataset", f"a{ending}", content)


@few
@given(records=RECORDS, as_array=st.booleans())
def test_records_of_any_values(records, as_array):
    passes("dataset", "a.json", json.dumps(records).encode() if as_array else lines(records))


@few
@given(rows=st.lists(VALUES, max_size=6))
def test_labels_of_any_values(rows):
    passes("imported labels", "a.jsonl", lines(rows))


@few
@given(said=SAID)
def test_an_answer_of_any_words(said):
    for door in ("model's answer", "server's reply"):
        passes(door, "said.txt", said.encode(errors="surrogatepass"))
