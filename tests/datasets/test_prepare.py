"""From a source to a dataset on disk: nothing lost, nothing twice, every error in one sentence."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fac_core.datasets import prepare as prepare_module
from fac_core.datasets.prepare import ColumnMapping, PreparedDataset, prepare
from fac_core.errors import BadInput, MissingExtra, WrongUse


def jsonl(path: Path, records: Iterable[Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def texts_file(path: Path, texts: Iterable[str]) -> Path:
    return jsonl(path, ({"text": text} for text in texts))


def samples(dataset: PreparedDataset) -> list[dict]:
    return pq.read_table(dataset.samples).to_pylist()


def failures(dataset: PreparedDataset) -> list[dict]:
    return pq.read_table(dataset.failures).to_pylist()


def test_samples_and_failures_are_as_the_contract_says(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    jsonl(source, [{"text": "one", "id": 5, "label": "x"}, {"text": " "}, {"text": " one\n"}, {"text": None}, {"b": 1}])
    source.write_bytes(source.read_bytes() + b'{"text": \n{"text": "caf\xe9"}\n')
    dataset = prepare(source, tmp_path / "out")
    assert samples(dataset) == [
        {
            "sample_id": 0,
            "text": "one",
            "messages": None,
            "metadata": '{"id": 5, "label": "x"}',
            "origin": "a.jsonl:1",
        }
    ]
    assert [(row["origin"], row["reason"]) for row in failures(dataset)] == [
        ("a.jsonl:2", "empty"),
        ("a.jsonl:3", "duplicate"),
        ("a.jsonl:4", "empty"),
        ("a.jsonl:5", "missing_column"),
        ("a.jsonl:6", "unreadable"),
        ("a.jsonl:7", "unreadable"),
    ]
    assert failures(dataset)[1]["detail"] == "of sample 0"
    assert dataset.n_failures == {"empty": 2, "duplicate": 1, "missing_column": 1, "unreadable": 2}
    assert (dataset.name, dataset.n_samples, dataset.source) == ("a", 1, str(source))
    assert dataset.mapping == {
        "keep_duplicates": False,
        "limit": None,
        "take": None,
        "read": {"a": {"{text}, id in id, label in label": 1}},
    }


def test_a_chat_has_its_messages_and_their_transcript(tmp_path: Path) -> None:
    source = jsonl(tmp_path / "a.jsonl", [{"conversations": [{"from": "human", "value": "Hi"}]}])
    (row,) = samples(prepare(source, tmp_path / "out"))
    assert row["text"] == "user: Hi"
    assert json.loads(row["messages"]) == [{"role": "user", "content": "Hi"}]


def test_a_chat_in_which_nobody_says_anything_is_empty(tmp_path: Path) -> None:
    chats = [[{"role": "user", "content": content}] for content in ("Hi", " ", None)]
    dataset = prepare(
        jsonl(tmp_path / "a.jsonl", [*({"messages": c} for c in chats), {"messages": []}]), tmp_path / "o"
    )
    assert (dataset.n_samples, dataset.n_failures) == (1, {"empty": 3})


_VALUES = st.none() | st.sampled_from(["", " ", "a", "b", "\ud800", "é"]) | st.integers() | st.lists(st.integers())
_LINES = st.lists(
    st.builds(lambda value: json.dumps({"text": value}).encode(), _VALUES)
    | st.sampled_from([b'{"text": ', b'{"text": "\xff"}', b"3", b'{"other": 1}']),
    max_size=19,
)


@given(lines=_LINES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_record_ends_as_a_sample_or_as_a_named_failure(tmp_path: Path, lines: list[bytes]) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([b'{"text": "first"}', *lines]))
    dataset = prepare(tmp_path / "a.jsonl", tmp_path / "out")
    rows = [row["origin"] for row in samples(dataset) + failures(dataset)]
    assert sorted(rows) == sorted(f"a.jsonl:{number}" for number in range(1, len(lines) + 2))
    assert dataset.n_samples + sum(dataset.n_failures.values()) == len(lines) + 1
    assert [row["sample_id"] for row in samples(dataset)] == list(range(dataset.n_samples))


def test_the_id_of_a_dataset_is_its_content_in_order_and_nothing_else(tmp_path: Path) -> None:
    ids = {
        name: prepare(texts_file(tmp_path / f"{name}.jsonl", texts), tmp_path / "out").dataset_id
        for name, texts in {"one": ["a", "b"], "same": ["a", "b", "a", ""], "order": ["b", "a"], "cut": ["ab"]}.items()
    }
    (tmp_path / "text.txt.gz").write_bytes(gzip.compress(b"a\r\nb\r\n"))
    assert prepare(tmp_path / "text.txt.gz", tmp_path / "out").dataset_id == ids["one"] == ids["same"]
    assert len({ids["one"], ids["order"], ids["cut"]}) == 3
    assert len(ids["one"]) == 16


@pytest.mark.parametrize("nothing", ['{"text": ""}', '{"text": "first"}', '{"other": 1}'])
def test_records_that_are_no_samples_are_an_error_once_they_are_a_million_in_a_row(tmp_path, monkeypatch, nothing):
    monkeypatch.setattr(prepare_module, "MOST_BLANK", 1000)
    path = tmp_path / "a.jsonl"
    first, last = '{"text": "first"}\n', '{"text": "last"}\n'
    path.write_text(first + f"{nothing}\n" * 1000 + last + f"{nothing}\n" * 1000, encoding="utf-8")
    assert prepare(path, tmp_path / "out").n_failures.popitem()[1] == 2000
    path.write_text(first + f"{nothing}\n" * 1001 + last, encoding="utf-8")
    with pytest.raises(BadInput, match=r"1,000 records in a row, up to a\.jsonl:1002, are no samples \(1001 "):
        prepare(path, tmp_path / "out")


def test_duplicates_stay_when_they_are_asked_for(tmp_path: Path) -> None:
    dataset = prepare(texts_file(tmp_path / "a.jsonl", "aba"), tmp_path / "o", ColumnMapping(keep_duplicates=True))
    assert [row["text"] for row in samples(dataset)] == ["a", "b", "a"]


def test_limit_takes_the_first_samples_and_reads_no_further(tmp_path: Path) -> None:
    dataset = prepare(texts_file(tmp_path / "a.jsonl", ["a", "", "b", "c"]), tmp_path / "o", ColumnMapping(limit=2))
    assert [row["text"] for row in samples(dataset)] == ["a", "b"]
    assert dataset.n_failures == {"empty": 1}
    with pytest.raises(WrongUse, match="limit is 0"):
        prepare(tmp_path / "a.jsonl", tmp_path / "o", ColumnMapping(limit=0))


def test_a_smaller_take_draws_from_what_a_larger_one_draws(tmp_path: Path) -> None:
    texts_file(tmp_path / "a.jsonl", [f"a{i}" for i in range(50)])
    texts_file(tmp_path / "b.jsonl", [f"b{i}" for i in range(5)])
    source = mixture(tmp_path, 'name = "A"\npath = "a.jsonl"\ntake = 30', 'name = "B"\npath = "b.jsonl"\ntake = 4')
    whole = {row["text"] for row in samples(prepare(source, tmp_path / "whole"))}
    part = {row["text"] for row in samples(prepare(source, tmp_path / "part", ColumnMapping(take=8)))}
    assert part < whole
    assert (len(part), len([text for text in part if text[0] == "b"])) == (12, 4)


def test_of_a_dataset_that_is_no_mixture_some_are_taken_too(tmp_path: Path) -> None:
    source = texts_file(tmp_path / "a.jsonl", [f"a{i}" for i in range(50)])
    assert len(samples(prepare(source, tmp_path / "out", ColumnMapping(take=8)))) == 8
    with pytest.raises(WrongUse, match="take is 0"):
        ColumnMapping(take=0)


def test_each_file_of_a_folder_has_its_own_layout(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    texts_file(folder / "a.jsonl", ["one"])
    (folder / "b.csv").write_text("question,answer\nHi,Hello\n")
    (folder / "empty.jsonl").touch()
    dataset = prepare(folder, tmp_path / "out")
    assert [row["text"] for row in samples(dataset)] == ["one", "user: Hi\nassistant: Hello"]
    assert dataset.mapping["read"] == {"data": {"{text}": 1, "question as user, answer as assistant": 1}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a\.jsonl is empty"),
        (b'{"text": " "}\n', r"a\.jsonl has no usable sample: 1 empty; the first at a\.jsonl:1"),
        (b"oops\n" * 19, r"no usable sample: 19 unreadable; the first at a\.jsonl:1: is not JSON"),
        (b"oops\n" * 20 + b'{"text": "a"}', r"none of the first 20 records can be read.*a\.jsonl:1, is not JSON"),
        (b'{"a": 1, "b": 2}\n', r"its columns are a, b"),
    ],
    ids=["empty", "blank", "few-malformed", "other-format", "no-layout"],
)
def test_a_source_without_samples_is_one_error_and_leaves_nothing_behind(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "a.jsonl").write_bytes(content)
    with pytest.raises(BadInput, match=message):
        prepare(tmp_path / "a.jsonl", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_failed_try_leaves_the_earlier_dataset_alone(tmp_path: Path) -> None:
    before = prepare(texts_file(tmp_path / "a.jsonl", ["one"]), tmp_path / "out")
    (tmp_path / "b.json").write_text('[{"text": "two"}, {"text": ')
    with pytest.raises(BadInput, match=r"b\.json:1"):
        prepare(tmp_path / "b.json", tmp_path / "out")
    assert [row["text"] for row in samples(before)] == ["one"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"samples.parquet", "failures.parquet"}


def test_progress_counts_records_and_knows_the_total_at_the_end(tmp_path: Path) -> None:
    calls: list[tuple[int, int, str]] = []
    source = texts_file(tmp_path / "a.jsonl", [*map(str, range(2500)), ""])
    prepare(source, tmp_path / "o", on_progress=lambda done, total, note="": calls.append((done, total, note)))
    assert [call[:2] for call in calls] == [(1000, 0), (2000, 0), (2501, 2501)]
    assert calls[-1][2] == "2,500 samples, 1 failure"


# -- mixtures


def mixture(folder: Path, *sets: str) -> Path:
    path = folder / "m.toml"
    path.write_text('name = "mix"\n' + "".join(f"[[set]]\n{one}\n" for one in sets), encoding="utf-8")
    return path


def test_a_mixture_reads_its_sets_in_order_and_samples_say_from_which_they_are(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", [{"q": "one", "label": 1}, {"q": None}])
    texts_file(tmp_path / "b.jsonl", ["one?", "two"])
    source = mixture(
        tmp_path, 'name = "A"\npath = "a.jsonl"\ntext = "{q}?"\nlicence = "MIT"', 'name = "B"\npath = "b.jsonl"'
    )
    dataset = prepare(source, tmp_path / "out")
    assert [(row["text"], json.loads(row["metadata"]), row["origin"]) for row in samples(dataset)] == [
        ("one?", {"label": 1, "set": "A"}, "A/a.jsonl:1"),
        ("two", {"set": "B"}, "B/b.jsonl:2"),
    ]
    assert [(row["origin"], row["reason"], row["detail"]) for row in failures(dataset)] == [
        ("A/a.jsonl:2", "missing_column", "q is null"),
        ("B/b.jsonl:1", "duplicate", "of sample 0"),
    ]
    assert dataset.name == "mix"
    assert dataset.mapping["read"] == {"A": {"{q}?, label in label": 1}, "B": {"{text}": 1}}


def test_take_draws_the_same_samples_each_time_in_the_order_of_the_file(tmp_path: Path) -> None:
    texts_file(tmp_path / "a.jsonl", [*(f"{i:03}" for i in range(100)), "", *(f"{i:03}" for i in range(100))])
    source = mixture(tmp_path, 'name = "A"\npath = "a.jsonl"\ntake = 30')
    first, again = (prepare(source, tmp_path / name) for name in ("x", "y"))
    drawn = [row["text"] for row in samples(first)]
    assert drawn == sorted(drawn) == [row["text"] for row in samples(again)]
    assert len(set(drawn)) == 30
    assert drawn != [f"{i:03}" for i in range(30)], "the first 30 are no draw"
    assert first.n_failures == {"empty": 1}


def test_take_more_than_there_are_takes_all(tmp_path: Path) -> None:
    texts_file(tmp_path / "a.jsonl", ["a", "b", "a"])
    dataset = prepare(mixture(tmp_path, 'name = "A"\npath = "a.jsonl"\ntake = 9'), tmp_path / "out")
    assert [row["text"] for row in samples(dataset)] == ["a", "b"]


def test_take_does_not_waste_its_draw_on_what_an_earlier_set_has(tmp_path: Path) -> None:
    texts_file(tmp_path / "a.jsonl", [str(i) for i in range(50)])
    texts_file(tmp_path / "b.jsonl", [str(i) for i in range(55)])
    sets = ['name = "A"\npath = "a.jsonl"', 'name = "B"\npath = "b.jsonl"\ntake = 5']
    dataset = prepare(mixture(tmp_path, *sets), tmp_path / "out")
    assert [row["text"] for row in samples(dataset)][50:] == ["50", "51", "52", "53", "54"]


@pytest.mark.parametrize(
    ("one", "kind", "message"),
    [
        ('path = "missing.jsonl"', BadInput, "There is no file or folder"),
        ('path = "a.jsonl"\ntext = "{x}"', BadInput, "there is no column 'x'"),
        ('path = "a.jsonl"\ntext = "text"\nmessages = "text"', WrongUse, "not both"),
        ('path = "empty.jsonl"', BadInput, "is empty"),
        ('path = "package:absent_package/a.jsonl"', MissingExtra, "pip install"),
    ],
)
def test_an_error_in_a_set_names_mixture_and_set_once(tmp_path: Path, one: str, kind: type, message: str) -> None:
    texts_file(tmp_path / "a.jsonl", ["a"])
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(kind, match=message) as error:
        prepare(mixture(tmp_path, f'name = "S"\n{one}'), tmp_path / "out")
    assert type(error.value) is kind
    assert str(error.value).count("m.toml, set 'S'") == 1


def test_a_mixture_brings_its_own_columns(tmp_path: Path) -> None:
    texts_file(tmp_path / "a.jsonl", ["a"])
    with pytest.raises(WrongUse, match="Leave out --text"):
        prepare(mixture(tmp_path, 'name = "A"\npath = "a.jsonl"'), tmp_path / "o", ColumnMapping(text="text"))
