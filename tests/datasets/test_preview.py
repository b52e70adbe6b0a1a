"""A preview reads what `prepare` would read, and no more of it."""

from __future__ import annotations

import json

import pytest

from fac_core.datasets.layouts import ColumnMapping
from fac_core.datasets.prepare import iter_samples, prepare
from fac_core.datasets.preview import columns_of, first_records, preview
from fac_core.errors import BadInput


@pytest.fixture
def dataset(tmp_path):
    path = tmp_path / "mine.jsonl"
    rows = [{"title": f"t{i}", "text": f"number {i}", "label": i % 2} for i in range(50)] + [{"title": "last"}]
    rows.insert(3, {"title": "no text"})
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_the_first_records_are_read_as_they_will_be(dataset, tmp_path):
    found = preview(dataset, n=10)
    prepared = prepare(dataset, tmp_path / "out")
    texts = next(iter(iter_samples(prepared.samples)))["text"].to_pylist()
    assert [sample.text for sample in found.samples] == texts[:9]
    assert [failure.reason for failure in found.failures] == ["missing_column"]
    assert (found.name, found.columns, found.layout) == ("mine", ("title", "text", "label"), "{text}, label in label")


def test_another_mapping_reads_other_columns(dataset):
    assert preview(dataset, ColumnMapping(text="{title}: {text}"), n=1).samples[0].text == "t0: number 0"


def test_columns_are_known_where_nothing_looks_like_a_text(tmp_path):
    path = tmp_path / "odd.jsonl"
    path.write_text(json.dumps({"a": "x", "b": "y"}) + "\n", encoding="utf-8")
    assert columns_of(first_records(path)) == ("a", "b")
    with pytest.raises(BadInput, match="looks like a text"):
        preview(path)


def test_splits_that_are_left_out_are_said_once(tmp_path):
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text('{"text": "a"}', encoding="utf-8")
    (said,) = preview(tmp_path).left_out
    assert "only train is read, not test" in said
    assert preview(f"{tmp_path}:test").left_out == ()
