"""Finding what a user names: files, folders, saved datasets, hub ids."""

import subprocess
import sys
from pathlib import Path

import datasets
import pytest
from datasets.exceptions import DatasetNotFoundError

from fac_core.datasets import sources
from fac_core.datasets.hub import is_hub_id
from fac_core.datasets.reading.records import Record
from fac_core.datasets.sources import find
from fac_core.errors import BadInput


def texts(source: sources.Source) -> list[str]:
    return [one.columns["text"] for part in source.parts for one in part.read() if isinstance(one, Record)]


def test_a_folder_is_read_in_sorted_order_without_hidden_and_unknown_files(tmp_path: Path) -> None:
    for name, text in {"b/1.txt": "b1", "a/2.jsonl": '{"text": "a2"}', "c.csv": "text\nc", ".git/x.txt": "no"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "README.md").write_text("no")
    found = find(tmp_path)
    assert texts(found) == ["a2", "b1", "c"]
    assert [reading.origin for part in found.parts for reading in part.read()] == [
        "a/2.jsonl:1",
        "b/1.txt:1",
        "c.csv:2",
    ]
    assert found.name == tmp_path.name


@pytest.mark.parametrize("name", ["v1.2.jsonl", "v1.2.jsonl.gz"])
def test_the_name_of_a_file_is_without_its_endings(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert find(tmp_path / name).name == "v1.2"


def test_a_folder_without_readable_files_and_an_unknown_ending_are_errors_that_list_the_endings(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    for source in (tmp_path, tmp_path / "notes.md"):
        with pytest.raises(BadInput, match=r"\.jsonl, .*\.parquet"):
            find(source)


@pytest.mark.parametrize("source", ["missing.jsonl", "data/missing.jsonl", "a/b/c/d", "missing"])
def test_a_path_that_is_not_there_is_an_error_not_a_hub_id(source: str) -> None:
    with pytest.raises(BadInput, match="There is no file or folder"):
        find(source)


def test_a_saved_dataset_is_read_and_so_is_the_train_split_of_several(tmp_path: Path) -> None:
    one = datasets.Dataset.from_dict({"text": ["a", "b"]})
    one.save_to_disk(tmp_path / "one")
    datasets.DatasetDict({"test": one, "train": one.select([1])}).save_to_disk(tmp_path / "many")
    datasets.DatasetDict({"x": one, "y": one}).save_to_disk(tmp_path / "unclear")
    assert texts(find(tmp_path / "one")) == ["a", "b"]
    assert texts(find(tmp_path / "many")) == ["b"]
    assert texts(find(tmp_path / "many" / "test")) == ["a", "b"]
    with pytest.raises(BadInput, match=r"has the splits x, y\. Name one of them"):
        texts(find(tmp_path / "unclear"))


def test_a_damaged_saved_dataset_is_one_error(tmp_path: Path) -> None:
    datasets.Dataset.from_dict({"text": ["a", "b"]}).save_to_disk(tmp_path / "one")
    for file in (tmp_path / "one").glob("*.arrow"):
        file.write_bytes(b"")
    with pytest.raises(BadInput, match="one is a damaged saved dataset"):
        texts(find(tmp_path / "one"))


def test_hub_ids_may_have_configuration_and_split() -> None:
    for source in ("owner/name", "owner/name:train", "hub:owner/na-me.v2:test", "owner/name/en:train[:10%]"):
        assert is_hub_id(source)
    for source in ("name", "a/b/c/d", "C:\\data", "owner/name:"):
        assert not is_hub_id(source)


def test_a_hub_dataset_is_streamed_as_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple] = []

    def load(name: str, config: str | None, *, split: str | None, streaming: bool) -> datasets.IterableDataset:
        asked.append((name, config, split, streaming))
        return datasets.Dataset.from_dict({"text": ["a", "b"]}).to_iterable_dataset()

    monkeypatch.setattr(datasets, "load_dataset", load)
    found = find("owner/name/en:test")
    assert [one.origin for part in found.parts for one in part.read()] == [
        "owner/name/en:test:1",
        "owner/name/en:test:2",
    ]
    assert texts(find("hub:owner/name")) == ["a", "b"]
    assert asked == [("owner/name", "en", "test", True), ("owner/name", None, None, True)]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ConnectionError("offline"), "the hub cannot be reached"),
        (DatasetNotFoundError("401"), "no such dataset on the hub"),
        (ValueError("Bad split: x.\nAvailable: y"), "cannot be read: Bad split: x."),
    ],
)
def test_an_unreachable_or_absent_hub_dataset_is_one_clear_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def load(*_args: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(BadInput, match=message):
        texts(find("owner/name"))


def test_the_datasets_library_is_not_imported_before_it_is_needed() -> None:
    program = "import sys; import fac_core.datasets.prepare; sys.exit('datasets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
