"""CSV, Parquet and plain text."""

import csv
import gzip
import io
import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fac_core.datasets.reading import formats, records
from fac_core.datasets.reading.formats import FORMATS, read_csv, read_parquet, read_text, reader_of
from fac_core.datasets.reading.records import Record, Unreadable
from fac_core.errors import BadInput


def csv_readings(path: Path, content: str | bytes) -> list[Record | Unreadable]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_csv(path, path.name))


def columns(readings: list[Record | Unreadable]) -> list[dict]:
    return [one.columns for one in readings if isinstance(one, Record)]


def test_each_line_of_a_text_file_is_a_record(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("one\r\n\r\nthree\u2028still three\n".encode())
    readings = list(read_text(tmp_path / "a.txt", "a.txt"))
    assert columns(readings) == [{"text": "one"}, {"text": ""}, {"text": "three\u2028still three"}]
    assert [one.origin for one in readings] == ["a.txt:1", "a.txt:2", "a.txt:3"]


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=2, max_size=2), max_size=6
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *rows])
    assert columns(csv_readings(tmp_path / "a.csv", out.getvalue())) == [{"a": a, "b": b} for a, b in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_the_one_of_the_first_line(tmp_path: Path, delimiter: str) -> None:
    content = f"\ufeff\r\ntext{delimiter}label\r\none{delimiter}1\r\n"
    assert csv_readings(tmp_path / "a.csv", content) == [Record("a.csv:3", {"text": "one", "label": "1"})]


def test_rows_with_too_many_or_too_few_fields_are_unreadable_and_named(tmp_path: Path) -> None:
    readings = csv_readings(tmp_path / "a.csv", 'text,label\n"two\nlines",1\na,b,c\nd\n\nlast,2\n')
    assert columns(readings) == [{"text": "two\nlines", "label": "1"}, {"text": "last", "label": "2"}]
    assert [(one.origin, one.detail) for one in readings if isinstance(one, Unreadable)] == [
        ("a.csv:4", "has 3 fields where the first line has 2"),
        ("a.csv:5", "has 1 fields where the first line has 2"),
    ]


@pytest.mark.parametrize("stray", ['bad,"never closed\n', 'bad,"closed" too early\n'])
def test_a_stray_quote_costs_its_own_line_alone(tmp_path: Path, stray: str) -> None:
    good = [f'text {i},"quoted {i}"\n' for i in range(50)]
    readings = csv_readings(tmp_path / "a.csv", "".join(["a,b\n", *good[:20], stray, *good[20:]]))
    assert columns(readings) == [{"a": f"text {i}", "b": f"quoted {i}"} for i in range(50)]
    assert [one.origin for one in readings if isinstance(one, Unreadable)] == ["a.csv:22"]
    assert readings[-1].origin == "a.csv:52"


def test_a_quote_that_is_open_at_the_end_does_not_swallow_the_rows_behind_it(tmp_path: Path) -> None:
    readings = csv_readings(tmp_path / "a.csv", 'a,b\n1,"open\n2,x\n3,y\n')
    assert columns(readings) == [{"a": "2", "b": "x"}, {"a": "3", "b": "y"}]
    assert [one.origin for one in readings] == ["a.csv:2", "a.csv:3", "a.csv:4"]


def test_an_undecodable_row_of_a_csv_costs_itself_alone(tmp_path: Path) -> None:
    readings = csv_readings(tmp_path / "a.csv", b"text\ncaf\xe9\ngood\n")
    assert [type(one) for one in readings] == [Unreadable, Record]


def test_a_field_of_a_megabyte_is_read(tmp_path: Path) -> None:
    assert columns(csv_readings(tmp_path / "a.csv", "text,b\n" + "x" * 1_000_000 + ",1")) == [
        {"text": "x" * 1_000_000, "b": "1"}
    ]


def test_a_column_that_is_there_twice_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.csv:1: the column 'text' is there twice"):
        csv_readings(tmp_path / "a.csv", "text,text\n1,2\n")


def test_a_text_in_place_of_a_columns_name_is_an_error_as_every_record_would_hold_it(tmp_path: Path) -> None:
    said = "a column has a name of 1,001 characters, which begins 'xxx"
    with pytest.raises(BadInput, match=rf"a\.csv:1: {said}"):
        csv_readings(tmp_path / "a.csv", "x" * 1001 + ",text\n1,2\n")
    pq.write_table(pa.table({"x" * 1001: [1], "text": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(BadInput, match=said):
        list(read_parquet(tmp_path / "a.parquet", "a.parquet"))
    assert columns(csv_readings(tmp_path / "b.csv", "x" * 1000 + ",text\n1,2\n"))[0]["text"] == "2"


def test_parquet_rows_are_records_across_batches(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [f"t{i}" for i in range(700)], "n": range(700)}), tmp_path / "a.parquet")
    readings = list(read_parquet(tmp_path / "a.parquet", "a.parquet"))
    assert readings[699] == Record("a.parquet:700", {"text": "t699", "n": 699})
    assert len(readings) == 700


def test_an_undecodable_string_in_parquet_costs_its_own_row_alone(tmp_path: Path) -> None:
    data = pa.py_buffer(b"good\xffbadgood")
    offsets = pa.array([0, 4, 8, 12], pa.int32()).buffers()[1]
    strings = pa.Array.from_buffers(pa.string(), 3, [None, offsets, data])
    pq.write_table(pa.table({"text": strings}), tmp_path / "a.parquet")
    readings = list(read_parquet(tmp_path / "a.parquet", "a.parquet"))
    assert columns(readings) == [{"text": "good"}, {"text": "good"}]
    assert readings[1] == Unreadable("a.parquet:2", "is not valid UTF-8", "�bad")


@pytest.mark.parametrize("keep", [0, 100, -10])
def test_a_file_that_is_not_whole_parquet_is_one_error(tmp_path: Path, keep: int) -> None:
    pq.write_table(pa.table({"text": ["a"]}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:keep])
    with pytest.raises(BadInput, match=r"a\.parquet is not a whole Parquet file"):
        list(read_parquet(tmp_path / "a.parquet", "a.parquet"))


def test_the_ending_decides_the_format() -> None:
    assert reader_of(Path("a.JSONL")) is FORMATS[".jsonl"]
    assert reader_of(Path("v1.2.json.gz")) is FORMATS[".json"]
    assert reader_of(Path("a.txt.gz")) is FORMATS[".txt"]
    assert reader_of(Path("a.parquet.gz")) is None
    assert reader_of(Path("a.md")) is None
    assert reader_of(Path("README")) is None


@pytest.mark.parametrize("ending", [".txt", ".jsonl", ".csv"])
def test_a_record_without_an_end_costs_no_more_memory_than_the_longest(tmp_path, monkeypatch, ending):
    """A gigabyte without a line break is a megabyte of gzip: here it is small, and so is what may be read of it."""
    for module in (records, formats):
        monkeypatch.setattr(module, "LONGEST", 10_000)
    long = secrets.token_hex(50_000)  # that packs to half, so it is no bomb
    content = {
        ".txt": f"first\n{long}\nlast\n",
        ".jsonl": f'{{"text": "first"}}\n{{"text": "{long}"}}\n{{"text": "last"}}\n',
        ".csv": f"text\nfirst\n{long}\nlast\n",
    }[ending]
    path = tmp_path / f"bomb{ending}.gz"
    path.write_bytes(gzip.compress(content.encode()))
    reader = formats.reader_of(path)
    assert reader is not None
    found: list[object] = []
    if ending in (".txt", ".jsonl"):
        found += reader(path, path.name)
        first, bad, last = found
        assert (first.columns, last.columns) == ({"text": "first"}, {"text": "last"})
        assert (bad.origin, bad.detail) == (f"bomb{ending}.gz:2", "is longer than 32 MB")
        assert len(bad.text) <= 200
    else:
        with pytest.raises(BadInput, match=r"bomb\.csv\.gz:3: this row is longer than 32 MB"):
            found.extend(reader(path, path.name))
        assert len(found) <= 1
