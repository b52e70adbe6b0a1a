"""What is small and reads as if it were endless, or is no file at all: refused in one sentence, before it costs anything."""

from __future__ import annotations

import gzip
import os
import time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.datasets import prepare as preparing
from fac_core.datasets import preview as looking
from fac_core.datasets.prepare import iter_samples, prepare
from fac_core.datasets.preview import preview
from fac_core.datasets.reading import bounds, formats, parquet_format, records
from fac_core.datasets.reading.formats import reader_of
from fac_core.datasets.reading.records import MOST_BLANK, Record
from fac_core.datasets.sources import find
from fac_core.errors import BadInput
from fac_core.toml_file import toml_values


@pytest.mark.parametrize("blank", [b"\n", b" \n", b"\r\n"])
@pytest.mark.parametrize(("name", "first"), [("a.csv", b""), ("a.csv", b"text\nx\n"), ("a.jsonl", b'{"text": "x"}\n')])
def test_blank_lines_without_end_are_an_error_and_no_memory(tmp_path, name, first, blank):
    path = tmp_path / name
    path.write_bytes(first + blank * (MOST_BLANK + 2) + b"y\n")
    if blank == b" \n" and first.startswith(b"text"):
        pytest.skip("a space is a field: rows of one column")
    with pytest.raises(BadInput, match=rf"{name}:[0-9]+: 1,000,000 lines in a row before it are blank"):
        list(reader_of(path)(path, name))


def test_a_few_blank_lines_before_the_columns_count_as_lines(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\n\n\ntext\nx\n")
    assert list(reader_of(path)(path, "a.csv")) == [Record("a.csv:5", {"text": "x"})]


def test_what_unpacks_to_hundreds_of_its_size_is_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LONGEST", 100_000)
    monkeypatch.setattr(records, "_BUFFER", 8192)
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"text\n" * 500_000))
    with pytest.raises(BadInput, match=r"a\.txt\.gz unpacks to more than 200 times its size"):
        list(reader_of(path)(path, "a.txt.gz"))


def test_a_row_group_of_one_word_is_read_few_rows_at_a_time(tmp_path):
    path = tmp_path / "a.parquet"
    word = pa.DictionaryArray.from_arrays(pa.array([0] * 500, pa.int32()), ["x" * (1 << 20)])
    pq.write_table(pa.table({"text": word}), path, compression="zstd", dictionary_pagesize_limit=1 << 30)
    with path.open("rb") as raw, pq.ParquetFile(path) as file:
        n_rows = parquet_format._rows_at_once(file.metadata.row_group(0), raw, path, 1)
    assert 1 <= n_rows <= 32
    with pytest.raises(BadInput, match="decodes to more than 1,000 times its size"):
        list(reader_of(path)(path, "a.parquet"))


def test_a_row_longer_than_any_text_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_format, "LONGEST", 10_000)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": ["x" * 100_000]}), path, use_dictionary=False)
    with pytest.raises(BadInput, match="text is longer than 32 MB in each"):
        list(reader_of(path)(path, "a.parquet"))


def test_a_value_that_python_has_no_form_of_costs_nothing(tmp_path):
    path = tmp_path / "a.parquet"
    days = pa.array([0, 2**31 - 1, 1], pa.date32())
    pq.write_table(pa.table({"text": ["a", "b", "c"], "day": days}), path)
    found = list(reader_of(path)(path, "a.parquet"))
    assert [(type(one), one.columns["text"]) for one in found] == [(Record, "a"), (Record, "b"), (Record, "c")]
    assert str(2**31 - 1) in found[1].columns["day"]


@pytest.mark.parametrize("depth", [300, 900, 10_000])
def test_nesting_costs_its_record_alone(tmp_path, depth):
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"text": "good"}\n{"text": ' + "[" * depth + "]" * depth + "}\n" + "[" * depth + "]" * depth + "\n"
    )
    found = prepare(path, tmp_path / "out")
    assert (found.n_samples, sum(found.n_failures.values())) == (1, 2)


def test_a_number_without_end_is_no_memory_without_end(tmp_path, monkeypatch):
    for module in (records, __import__("fac_core.datasets.reading.json_format", fromlist=["x"])):
        monkeypatch.setattr(module, "LONGEST", 10_000)
    path = tmp_path / "a.json"
    path.write_text("[0." + "9" * 3_000_000)
    with pytest.raises(BadInput, match=r"a\.json:1: the JSON array is malformed: a record is longer than"):
        list(reader_of(path)(path, "a.json"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_named_and_not_waited_for(tmp_path):
    for name in ("a.jsonl", "a.toml"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(BadInput, match="neither a file nor a folder"):
        find(tmp_path / "a.jsonl")
    with pytest.raises(BadInput, match="is no file"):
        toml_values(tmp_path / "a.toml")
    with pytest.raises(BadInput, match="is no file"):
        list(reader_of(tmp_path / "a.jsonl")(tmp_path / "a.jsonl", "a"))


@pytest.mark.parametrize("name", ["x" * 300 + ".jsonl", "~nobody-of-this-name/x.csv", "loop.jsonl"])
def test_a_name_that_leads_nowhere_is_one_error(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    with pytest.raises(BadInput):
        find(name)


def test_a_file_that_grows_while_it_is_read_comes_to_an_end(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\n' * 100)
    found = 0
    for _ in reader_of(path)(path, "a.jsonl"):
        found += 1
        with path.open("a") as more:
            more.write('{"text": "y"}\n' * 10)
        assert found <= 100
    assert found == 100


def test_a_look_ends_when_its_time_is_over(tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x"}\n' * 1000)
    monkeypatch.setattr(looking, "_SECONDS", 0.05)

    def slow(where, name):
        for i in range(1000):
            time.sleep(0.02)
            yield Record(f"a:{i}", {"text": f"t{i}"})

    monkeypatch.setitem(__import__("fac_core.datasets.reading.formats", fromlist=["x"]).FORMATS, ".jsonl", slow)
    assert 1 <= len(preview(path).samples) < 20


def test_toml_in_toml_is_one_error(tmp_path):
    path = tmp_path / "a.toml"
    for content in ("a = " + "[" * 20_000, "x = " + "9" * 5000, "# " + "x" * (5 << 20)):
        path.write_text(content)
        with pytest.raises(BadInput, match=r"a\.toml"):
            toml_values(path)


def test_samples_are_as_they_were(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\ntwo\n")
    found = prepare(path, tmp_path / "out")
    assert [text for batch in iter_samples(found.samples) for text in batch["text"].to_pylist()] == ["one", "two"]


@pytest.mark.parametrize("nothing", [b"{}\n", b"[]\n", b"0\n", b"{\n"])
def test_records_without_anything_are_an_error_once_they_are_a_million(tmp_path, monkeypatch, nothing):
    monkeypatch.setattr(bounds, "MOST_BLANK", 1000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text": "x"}\n' + nothing * 1000 + b'{"text": "y"}\n')
    assert len(list(reader_of(path)(path, "a.jsonl"))) == 1002
    path.write_bytes(b'{"text": "x"}\n' + nothing * 1001 + b'{"text": "y"}\n')
    with pytest.raises(BadInput, match=r"1,000 records in a row, up to a\.jsonl:1002, are empty or cannot be read"):
        list(reader_of(path)(path, "a.jsonl"))


def test_a_packed_file_cannot_hold_more_records_than_texts_would(tmp_path, monkeypatch):
    monkeypatch.setattr(bounds, "_ALWAYS_FINE", 1000)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"text": "x"}\n' * 100_000))
    with pytest.raises(BadInput, match=r"a\.jsonl\.gz holds more than [0-9,]+ records, less than 2 bytes for each"):
        list(reader_of(path)(path, "a"))
    path.write_bytes(gzip.compress(b"".join(b'{"text": "%d"}\n' % i for i in range(100_000))))
    assert len(list(reader_of(path)(path, "a"))) == 100_000  # the shortest texts that differ
    plain = tmp_path / "a.csv"
    plain.write_bytes(b"text\n" + b"x\n" * 100_000)
    assert len(list(reader_of(plain)(plain, "a"))) == 100_000


def test_lines_without_anything_end_a_text_too(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "MOST_BLANK", 1000)
    path = tmp_path / "a.txt"
    path.write_bytes(b"x\n" + b"\n" * 1001)
    with pytest.raises(BadInput, match=r"a\.txt:1002: 1,000,000 lines in a row"):
        list(reader_of(path)(path, "a.txt"))


def test_a_table_that_is_nothing_but_wide_makes_no_long_message(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({f"c{i}": [i] for i in range(3000)}), path)
    with pytest.raises(BadInput, match="c19 and 2,980 more") as said:
        prepare(path, tmp_path / "out")
    assert len(str(said.value)) < 1000


def test_a_long_name_of_a_column_is_no_long_failure_in_every_row(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a"}\n' + ('{"' + "y" * 100_000 + '": 1}\n') * 3)
    found = prepare(path, tmp_path / "out")
    assert max(map(len, pq.read_table(found.failures)["detail"].to_pylist())) <= 1000


def test_roles_that_nobody_knows_are_counted_as_long_as_they_are_few(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(preparing, "_MOST_ROLES", 3)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(f'{{"messages": [{{"role": "{"r" * 500}{i}", "content": "{i}"}}]}}\n' for i in range(20)))
    assert prepare(path, tmp_path / "out").n_samples == 20
    assert len(caplog.text) < 3000


def test_a_table_of_more_columns_than_can_be_held_is_refused_by_their_number(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({f"c{i}": [i] for i in range(300)}), path)
    monkeypatch.setattr(parquet_format, "_MOST_COLUMNS", 299)
    with pytest.raises(BadInput, match=r"a\.parquet has 300 columns; at most 299 are read"):
        list(reader_of(path)(path, "a.parquet"))
    monkeypatch.setattr(parquet_format, "_LONGEST_LIST", 299)
    with pytest.raises(BadInput, match=r"a\.parquet is not a whole Parquet file"):
        list(reader_of(path)(path, "a.parquet"))
    monkeypatch.setattr(parquet_format, "LONGEST", 1000)
    with pytest.raises(BadInput, match=r"a\.parquet is nothing but a footer"):
        list(reader_of(path)(path, "a.parquet"))
