"""Samples and failures on disk."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.datasets.chats import Message
from fac_core.datasets.samples import FAILURES, SAMPLES, Failure, Sample, SampleWriter, iter_samples
from fac_core.errors import BadInput


def sample(text: str = "a", messages: list[Message] | None = None) -> Sample:
    return Sample(text, messages, {"id": 1, "label": "ü"}, "a.jsonl:1", "{text}")


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    chat = [Message("user", "Grüße")]
    with SampleWriter(tmp_path) as writer:
        for i in range(5000):
            writer.add(sample(f"text {i}"))
        writer.add(Failure("a.jsonl:2", "empty", "there is no text", ""))
        writer.add(sample("user: Grüße", chat))
    rows = [row for batch in iter_samples(tmp_path / "samples.parquet", batch_size=700) for row in batch.to_pylist()]
    assert [row["sample_id"] for row in rows] == list(range(5001))
    assert [row["text"] for row in rows[:5000]] == [f"text {i}" for i in range(5000)]
    assert rows[0]["messages"] is None
    assert json.loads(rows[5000]["messages"]) == [{"role": "user", "content": "Grüße"}]
    assert json.loads(rows[0]["metadata"]) == {"id": 1, "label": "ü"}
    assert pq.read_table(tmp_path / "failures.parquet").to_pylist() == [
        {"origin": "a.jsonl:2", "reason": "empty", "detail": "there is no text", "text": ""}
    ]


def test_files_without_a_row_have_their_schema(tmp_path: Path) -> None:
    with SampleWriter(tmp_path):
        pass
    assert pq.read_schema(tmp_path / "samples.parquet").equals(SAMPLES)
    assert pq.read_schema(tmp_path / "failures.parquet").equals(FAILURES)


def test_long_texts_go_to_disk_before_they_fill_memory(tmp_path: Path) -> None:
    with SampleWriter(tmp_path) as writer:
        for _ in range(10):
            writer.add(sample("x" * 5_000_000))
    assert pq.ParquetFile(tmp_path / "samples.parquet").num_row_groups > 1


def test_identity_ignores_white_space_at_the_ends_and_tells_chats_from_texts() -> None:
    chat, spaced = [Message("user", "Hi")], [Message("user", " Hi\n")]
    assert sample("a").identity() == sample(" a\n").identity()
    assert sample("user: Hi", chat).identity() == sample("user:  Hi\n", spaced).identity()
    assert sample("user: Hi", chat).identity() != sample("user: Hi").identity()
    assert sample("user: Hi", chat).content() != sample("user:  Hi\n", spaced).content()


def test_a_missing_foreign_or_damaged_file_is_one_error(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "foreign.parquet")
    (tmp_path / "damaged.parquet").write_bytes(b"PAR1")
    for name in ("missing", "foreign", "damaged"):
        with pytest.raises(BadInput, match=f"{name}.parquet .*Prepare the dataset again"):
            list(iter_samples(tmp_path / f"{name}.parquet"))


def test_metadata_is_json_even_where_the_values_are_not(tmp_path: Path) -> None:
    metadata = {"id": b"x", "label": [float("nan"), float("inf"), "ü"]}
    with SampleWriter(tmp_path) as writer:
        writer.add(Sample("a", None, metadata, "a.jsonl:1", "{text}"))
    (row,) = pq.read_table(tmp_path / "samples.parquet").to_pylist()
    assert row["metadata"] == '{"id": "b\'x\'", "label": ["NaN", "Infinity", "ü"]}'
