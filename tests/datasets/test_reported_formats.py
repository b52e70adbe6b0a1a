"""What users of other tools reported of files as spreadsheets, pandas, Spark and git leave them: read rightly, or refused by name.

`before` is what became of it here: `right`, `wrong` (read as something else, unsaid), `failed` (refused, and need not be) or
`unsaid` (refused, with advice that does not help).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.datasets.prepare import prepare
from fac_core.errors import BadInput

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 123\n"
FRAME = pd.DataFrame({"text": ["Hello you", "Hi there"], "label": [1, 2]})
SAID = ["Hello you", "Hi there"]


@dataclass(frozen=True)
class Reported:
    """One file, and what it holds."""

    source: str
    """The thread, as repository and number; `ours` for a cousin that we thought of."""
    kind: str
    before: str
    name: str
    content: str | bytes | Callable[[Path], object]
    texts: list[str] | None = None
    says: str = ""
    """Of the error, a pattern."""


def parquet(**columns: pa.Array) -> Callable[[Path], object]:
    return lambda path: pq.write_table(pa.table(columns), path)


def in_pandas(orient: str) -> Callable[[Path], object]:
    return lambda path: FRAME.to_json(path, orient=orient)  # type: ignore[call-overload]


RECORDS = "holds columns, not records.*orient='records', lines=True"
TABLE = [
    # What Excel writes, and who writes for it
    Reported("pandas#47303", "sep", "unsaid", "a.csv", "sep=|\ntext|label\nHello you|1\nHi there|2\n", SAID),
    Reported("cpython#109644", "sep", "unsaid", "a.csv", "\ufeffSEP=;\r\ntext;label\r\nHello you;1\r\nHi there;2\r\n", SAID),
    Reported("csvtk#13", "sep", "unsaid", "a.csv", '"sep=,"\ntext,label\nHello you,1\nHi there,2\n', SAID),
    Reported("ours", "sep", "wrong", "a.csv", "text|label\nHello you|1\nHi there|2\n", SAID),
    Reported("MaveDB#192", "mark", "right", "a.csv", "\ufefftext,label\nHello you,1\nHi there,2\n", SAID),
    Reported("genoffice#438", "encoding", "unsaid", "a.csv", "text,label\nHi,1\n".encode("utf-16-le"), says="is UTF-16 or UTF-32. Save it as UTF-8"),
    Reported("q#98", "encoding", "right", "a.csv", "uid\tname\n".encode("utf-16"), says="is UTF-16 or UTF-32. Save it as UTF-8"),
    Reported("rows#273", "nul", "right", "a.csv", "text,label\nHello\0 you,1\n", ["Hello\0 you"]),
    Reported("ours", "name", "unsaid", "a.csv", b"PK\x03\x04\x14\x00\x06\x00", says="is a zip archive.*save the sheet as CSV"),
    Reported("ours", "name", "unsaid", "a.xlsx", b"PK\x03\x04\x14\x00\x06\x00", says="Save its sheet as CSV"),
    Reported("ours", "name", "unsaid", "a.jsonl", b"\x28\xb5\x2f\xfd\x04\x00", says="is packed with zstd"),
    Reported("ours", "name", "unsaid", "a.csv", "<!DOCTYPE html><html><body>Sign in</body></html>\n", says="is a web page"),
    # git-lfs is not there
    Reported("git-lfs#4278", "pointer", "wrong", "a.csv", POINTER, says="git-lfs's pointer.*git lfs pull"),
    Reported("CELLECT#24", "pointer", "wrong", "a.txt", POINTER, says="git-lfs's pointer.*git lfs pull"),
    Reported("benedekrozemberczki/datasets#10", "pointer", "unsaid", "a.jsonl", POINTER, says="git-lfs's pointer"),
    Reported("ours", "pointer", "unsaid", "a.parquet", POINTER, says="git-lfs's pointer"),
    # Tables by columns
    Reported("chatlas#180", "columns", "unsaid", "a.json", in_pandas("columns"), says=RECORDS),
    Reported("Fair-Code#141", "columns", "unsaid", "a.json", in_pandas("split"), says=RECORDS),
    Reported("Fair-Code#141", "columns", "unsaid", "a.json", in_pandas("index"), says=RECORDS),
    Reported("Fair-Code#141", "columns", "unsaid", "a.json", in_pandas("table"), says="If data holds the records themselves"),
    Reported("ours", "columns", "wrong", "a.json", '{"text": ["Hello you", "Hi there"], "label": [1, 2]}', says=RECORDS),
    Reported("datasets#6891", "columns", "right", "a.json", '{"text": "Hello you"}\n{"text": "Hi there"}\n', SAID),
    # Types of Arrow
    Reported("spark#1855", "type", "failed", "a.parquet", parquet(text=pa.array([b"Hello you", b"Hi there"])), SAID),
    Reported("hardwood#203", "type", "right", "a.parquet", parquet(text=pa.array(SAID), photo=pa.array([b"\xff\xd8", b"\xff"])), SAID),
    Reported("ours", "type", "failed", "a.parquet", parquet(text=pa.array(SAID), at=pa.array([0, 1], pa.timestamp("us", tz="Mars/Base"))), SAID),
    Reported("ours", "type", "right", "a.parquet", parquet(text=pa.array(SAID).dictionary_encode(), n=pa.array([2**62, 1], pa.duration("ns"))), SAID),
]  # fmt: skip


@pytest.mark.parametrize("one", TABLE, ids=lambda one: f"{one.source}-{one.kind}-{one.before}-{one.name}")
def test_what_was_reported_is_read_or_refused_by_name(one: Reported, tmp_path: Path) -> None:
    path = tmp_path / one.name
    if callable(one.content):
        one.content(path)
    else:
        path.write_bytes(one.content if isinstance(one.content, bytes) else one.content.encode())
    if one.texts is None:
        with pytest.raises(BadInput, match=one.says):
            prepare(path, tmp_path / "out")
    else:
        dataset = prepare(path, tmp_path / "out")
        assert pq.read_table(dataset.samples)["text"].to_pylist() == one.texts
        assert pq.read_table(dataset.failures).num_rows == 0


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("https://huggingface.co/datasets/ann/texts/tree/main", "Write hub:ann/texts"),
        ("hf://datasets/ann/texts", "Write hub:ann/texts"),
        ("https://example.com/a.jsonl", "download it first"),
        ("s3://bucket/a.jsonl", "download it first"),
        ("texts/*.jsonl", "A pattern is not read: give a file, or the folder"),
        (r"C:\Users\ann\a.jsonl", "Check the path"),
    ],
)
def test_an_address_in_place_of_a_path_gets_the_advice_that_helps(source: str, says: str, tmp_path: Path) -> None:
    """Ours; before, each was told how ids of the hub are written."""
    with pytest.raises(BadInput, match=says):
        prepare(source, tmp_path / "out")


def test_a_record_of_lists_is_no_table_where_it_is_one_of_several_or_a_chat(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": ["a", "b"], "n": [1, 2]}\n{"text": ["c", "d"], "n": [3, 4]}\n')
    assert prepare(tmp_path / "a.jsonl", tmp_path / "out").n_samples == 2
    (tmp_path / "b.json").write_text(
        '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}], "n": [1, 2]}'
    )
    assert prepare(tmp_path / "b.json", tmp_path / "out2").n_samples == 1
