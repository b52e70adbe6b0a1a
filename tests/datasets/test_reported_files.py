"""What users of other tools reported of folders and files, in small inputs of our own: read rightly, or refused by name."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.datasets.prepare import ColumnMapping, prepare
from fac_core.errors import BadInput
from tests.datasets.test_reported import ASKED


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def said(dataset: Any) -> list[str]:
    return pq.read_table(dataset.samples)["text"].to_pylist()


ROW = '{"text": "one of train"}\n'


def test_one_split_of_a_folder_is_read_and_the_others_are_told_of(tmp_path: Path, caplog: Any) -> None:
    """datasets#6410: before, train and test were one dataset, unsaid."""
    folder = write(tmp_path / "d", {"data/train-00000-of-00001.jsonl": ROW, "data/test.jsonl": '{"text": "of test"}\n'})
    with caplog.at_level(logging.WARNING):
        assert said(prepare(folder, tmp_path / "out")) == ["one of train"]
    assert "only train is read, not test" in caplog.text
    assert f"{folder}:SPLIT" in caplog.text
    assert said(prepare(f"{folder}:test", tmp_path / "out")) == ["of test"]
    assert sorted(said(prepare(f"{folder}:train+test", tmp_path / "out"))) == ["of test", "one of train"]
    with pytest.raises(BadInput, match="no split 'dev'; it has test, train"):
        prepare(f"{folder}:dev", tmp_path / "out")


def test_splits_of_which_none_is_train_are_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "d", {"validation.jsonl": ROW, "eval/a.jsonl": '{"text": "b"}\n'})
    with pytest.raises(BadInput, match=r"splits test, validation\. Name one of them"):
        prepare(folder, tmp_path / "out")


@pytest.mark.parametrize(
    "files", [{"a.jsonl": ROW, "trains.jsonl": '{"text": "b"}\n'}, {"train.jsonl": ROW, "b.jsonl": '{"text": "b"}\n'}]
)
def test_a_folder_that_names_no_two_splits_is_read_whole(files: dict[str, str], tmp_path: Path) -> None:
    assert len(said(prepare(write(tmp_path / "d", files), tmp_path / "out"))) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dataset_info.json", '{\n  "mine": {"file_name": "train.jsonl"}\n}\n'),  # LlamaFactory#7982
        ("meta.json", '{"version": 3}'),
        ("export.json", '{"version": 1, "rows": [{"id": 1}], "batch": "x"}'),  # somebody else's
        ("croissant.json", '{\n "recordSet": [{"name": "default"}]\n}'),
    ],
)
def test_a_file_about_the_data_is_no_sample_and_no_error(name: str, content: str, tmp_path: Path) -> None:
    dataset = prepare(write(tmp_path / "d", {"rows.jsonl": ROW, name: content}), tmp_path / "out")
    assert said(dataset) == ["one of train"]
    (failure,) = pq.read_table(dataset.failures).to_pylist()
    assert (failure["origin"], failure["reason"]) == (f"{name}:1", "unreadable")


@pytest.mark.parametrize(
    "name", ["requirements.txt", "LICENSE.txt", "sub/Readme.TXT", "requirements-dev.txt", "license_mit.txt"]
)
def test_what_stands_beside_data_and_is_none_is_told_of_and_not_read(name: str, tmp_path: Path, caplog: Any) -> None:
    folder = write(tmp_path / "d", {"rows.jsonl": ROW, name: "torch==2.0\nNo warranty.\n"})
    with caplog.at_level(logging.WARNING):
        assert said(prepare(folder, tmp_path / "out")) == ["one of train"]
    assert f"{name} of {folder} is about the data" in caplog.text
    assert said(prepare(folder / name, tmp_path / "out")) == ["torch==2.0", "No warranty."]


def test_a_folder_of_nothing_but_such_files_is_read(tmp_path: Path) -> None:
    assert said(prepare(write(tmp_path / "d", {"notice.txt": "a\nb\n"}), tmp_path / "out")) == ["a", "b"]


def test_what_an_export_says_of_itself_is_no_failure(tmp_path: Path) -> None:
    manifest = json.dumps({"data": "data/train.jsonl", "files": {}, "rows_hash": "0"}, indent=2)
    folder = write(tmp_path / "d", {"data/train.jsonl": ROW, "export.json": manifest, "README.md": "# A card"})
    dataset = prepare(folder, tmp_path / "out")
    assert (said(dataset), pq.read_table(dataset.failures).num_rows) == (["one of train"], 0)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="has no such names")
@pytest.mark.parametrize("given", ["file", "folder"])
def test_a_name_that_is_no_text_is_refused_before_anything_is_read(given: str, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/d/bad\xff.txt"))
    path.parent.mkdir()
    path.write_text("a\n")
    with pytest.raises(BadInput, match=r"bad\\xff\.txt is not UTF-8\. Rename it: mv \$'"):
        prepare(path if given == "file" else path.parent, tmp_path / "out")


def test_a_folder_of_one_record_a_file_written_over_many_lines_is_read(tmp_path: Path) -> None:
    """arrow#40912."""
    files = {f"{i}.json": json.dumps({"text": f"text {i}"}, indent=2) for i in range(3)}
    assert said(prepare(write(tmp_path / "d", files), tmp_path / "out")) == ["text 0", "text 1", "text 2"]


def test_records_inside_an_object_are_named(tmp_path: Path) -> None:
    """DataProfiler#105."""
    write(tmp_path, {"a.json": json.dumps({"data": [{"text": "a"}]}, indent=1)})
    with pytest.raises(BadInput, match="If data holds the records themselves, save that list alone"):
        prepare(tmp_path / "a.json", tmp_path / "out")


def test_two_columns_of_one_name_are_an_error_and_two_keys_of_one_name_a_failure(tmp_path: Path) -> None:
    """polars#27393, datafusion#24381, spark#17758: before, the last one was taken, unsaid."""
    pq.write_table(
        pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"]), tmp_path / "a.parquet"
    )
    with pytest.raises(BadInput, match=r"a\.parquet: the column 'text' is there twice"):
        prepare(tmp_path / "a.parquet", tmp_path / "out")
    write(tmp_path, {"a.jsonl": ROW + '{"text": "a", "text": "b"}\n'})
    dataset = prepare(tmp_path / "a.jsonl", tmp_path / "out")
    assert said(dataset) == ["one of train"]
    assert pq.read_table(dataset.failures)["detail"].to_pylist() == ["has the key 'text' twice"]


def test_a_role_that_nobody_knows_is_told_of(tmp_path: Path, caplog: Any) -> None:
    write(tmp_path, {"a.jsonl": json.dumps({"messages": [ASKED, {"role": "narrator", "content": "It rains."}]}) + "\n"})
    with caplog.at_level(logging.WARNING):
        prepare(tmp_path / "a.jsonl", tmp_path / "out")
    assert "'narrator' (1)" in caplog.text


def test_labels_make_another_dataset_of_the_same_texts(tmp_path: Path) -> None:
    write(tmp_path, {"a.jsonl": '{"text": "a", "kind": "law"}\n'})
    plain, labelled = (
        prepare(tmp_path / "a.jsonl", tmp_path / "out", ColumnMapping(label=label)) for label in (None, "kind")
    )
    assert plain.dataset_id == labelled.dataset_id
    assert (plain.metadata_id, bool(labelled.metadata_id)) == (None, True)


@pytest.mark.parametrize("place", ["workspace", ""])
def test_what_a_workspace_keeps_beside_the_data_is_none(place: str, tmp_path: Path) -> None:
    """Ours; before, the second `fac encode .` read the workspace's id as a text."""
    kept = {
        f"{place}/{name}".lstrip("/"): ROW.replace("train", name)
        for name in ("workspace.json", "cache/1/a.jsonl", "runs/b.jsonl")
    }
    folder = write(tmp_path / "d", {"rows.jsonl": ROW, **kept})
    assert said(prepare(folder, tmp_path / "out")) == ["one of train"]


@pytest.mark.parametrize("source", ["", "  "])
def test_an_empty_name_is_not_this_folder(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "d", {"rows.jsonl": ROW}))
    with pytest.raises(BadInput, match="name of the dataset is empty"):
        prepare(source, tmp_path / "out")
