"""What users of other tools reported that they brought, in small inputs of our own: each is read rightly, or refused by name.

`before` is what became of it here before November 2026, so that the table says what kinds of things go wrong unseen.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fac_core.datasets.prepare import ColumnMapping, prepare
from fac_core.errors import BadInput

U, A, S, T = "user", "assistant", "system", "tool"


@dataclass(frozen=True)
class Reported:
    """One record as somebody had it, and the turns that it is."""

    source: str
    """The thread, as repository and number; `ours` for a cousin that we thought of."""
    kind: str
    before: str
    """`right`, `wrong` (read as something else, unsaid), `failed` (a named failure that it need not be) or `error`."""
    record: dict[str, Any]
    turns: list[tuple[str, str]]
    """Role and content; the content alone, without a role, of a plain text."""


ASKED, SAID = {"role": "user", "content": "Name a river."}, {"role": "assistant", "content": "The Danube."}
PLAIN = [(U, "Name a river."), (A, "The Danube.")]


def sharegpt(asking: str, answering: str) -> dict[str, Any]:
    return {"conversations": [{"from": asking, "value": "Name a river."}, {"from": answering, "value": "The Danube."}]}


TABLE = [
    # Roles by other names
    Reported("axolotl#752", "role", "right", sharegpt("human", "assistant"), PLAIN),
    Reported("axolotl#752", "role", "wrong", sharegpt("user", "chatgpt"), PLAIN),
    Reported("axolotl#752", "role", "wrong", sharegpt("Human", "AI"), PLAIN),
    Reported("axolotl#752", "role", "wrong", sharegpt("human", "bing"), PLAIN),
    Reported("axolotl#158", "role", "wrong", sharegpt("prompter", "assistant"), PLAIN),
    Reported(
        "axolotl#1137",
        "role",
        "wrong",
        {
            "conversations": [
                {"from": "human", "value": "Rain?"},
                {"from": "tool_caller", "value": "sky()"},
                {"from": "tool_response", "value": "wet"},
                {"from": "gpt", "value": "Yes."},
            ]
        },
        [(U, "Rain?"), (A, "sky()"), (T, "wet"), (A, "Yes.")],
    ),
    Reported(
        "LlamaFactory#5866",
        "role",
        "wrong",
        {
            "conversations": [
                {"from": "human", "value": "Rain?"},
                {"from": "function_call", "value": "sky()"},
                {"from": "observation", "value": "wet"},
                {"from": "gpt", "value": "Yes."},
            ]
        },
        [(U, "Rain?"), (A, "sky()"), (T, "wet"), (A, "Yes.")],
    ),
    Reported(
        "open-instruct#1333",
        "role",
        "wrong",
        {"messages": [{"role": "user", "content": "Rain?"}, {"role": "environment", "content": "wet"}, SAID]},
        [(U, "Rain?"), (T, "wet"), (A, "The Danube.")],
    ),
    Reported(
        "llama.cpp#20215",
        "role",
        "wrong",
        {"messages": [{"role": "developer", "content": "Be brief."}, ASKED, SAID]},
        [(S, "Be brief."), *PLAIN],
    ),
    # Shapes of turns
    Reported(
        "trl#6930",
        "turn",
        "failed",
        {"messages": [ASKED, {"role": "assistant", "tool_calls": [{"function": {"name": "rivers"}}]}, SAID]},
        [(U, "Name a river."), (A, ""), (A, "The Danube.")],
    ),
    Reported(
        "LlamaFactory#8808",
        "turn",
        "failed",
        {"messages": [ASKED, {"role": "assistant", "value": "The Danube."}]},
        PLAIN,
    ),
    Reported(
        "datasets#888",
        "turn",
        "failed",
        {"messages": {"role": ["user", "assistant"], "content": ["Name a river.", "The Danube."]}},
        PLAIN,
    ),
    Reported(
        "ours",
        "turn",
        "failed",
        {"conversation": [{"input": "Name a river.", "output": "The Danube."}]},
        PLAIN,
    ),
    Reported("axolotl#815", "turn", "wrong", {"dialog": ["Name a river.", "The Danube."]}, PLAIN),
    Reported(
        "arches#6390",
        "turn",
        "failed",
        {"messages": "[{'role': 'user', 'content': 'Name a river.'}, {'role': 'assistant', 'content': 'The Danube.'}]"},
        PLAIN,
    ),
    Reported(
        "slime#1037",
        "part",
        "right",
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Name a river."}]}, SAID]},
        PLAIN,
    ),
    Reported(
        "vllm#13375",
        "part",
        "failed",
        {
            "messages": [
                ASKED,
                {
                    "role": "assistant",
                    "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "The Danube."}],
                },
            ]
        },
        PLAIN,
    ),
    Reported(
        "ours",
        "part",
        "wrong",
        {"messages": [ASKED, {"role": "assistant", "content": None, "refusal": "No."}]},
        [(U, "Name a river."), (A, "No.")],
    ),
    Reported("Kiln#1420", "part", "right", {"messages": [ASKED, {**SAID, "reasoning_content": "Hm."}]}, PLAIN),
    # Columns that belong together
    Reported(
        "trl#4147",
        "columns",
        "wrong",
        {"prompt": [{"role": "system", "content": "Be brief."}, ASKED], "completion": [SAID]},
        [(S, "Be brief."), *PLAIN],
    ),
    Reported("trl#4147", "columns", "wrong", {"prompt": [ASKED, SAID, ASKED]}, [*PLAIN, PLAIN[0]]),
    Reported("trl#3468", "columns", "error", {"problem": "Name a river.", "generated_solution": "The Danube."}, PLAIN),
    Reported("Kiln#238", "columns", "error", {"input": "Name a river.", "output": "The Danube.", "tags": "geo"}, PLAIN),
    Reported(
        "LlamaFactory#3351",
        "columns",
        "wrong",
        {
            "instruction": "And a hill?",
            "input": "",
            "output": "Box Hill.",
            "system": "Be brief.",
            "history": [["Name a river.", "The Danube."]],
        },
        [(S, "Be brief."), *PLAIN, (U, "And a hill?"), (A, "Box Hill.")],
    ),
    Reported(
        "Qwen3#1314",
        "columns",
        "wrong",
        {**sharegpt("human", "gpt"), "system": "Be brief."},
        [(S, "Be brief."), *PLAIN],
    ),
    Reported(
        "ours",
        "columns",
        "wrong",
        {"instruction": "Where?", "context": "It rose in the Alps.", "response": "The Alps."},
        [(U, "Where?\n\nIt rose in the Alps."), (A, "The Alps.")],
    ),
    Reported("trl#1285", "columns", "right", {"messages": [ASKED, SAID, ASKED, SAID]}, [*PLAIN, *PLAIN]),
    Reported("datasets#1784", "columns", "right", {"Text": "Name a river.", "key2": 12}, [("", "Name a river.")]),
    Reported("ours", "columns", "wrong", {"text": "Name a river.", "TEXT": "SHOUT"}, [("", "Name a river.")]),
]


def turns(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in json.loads(row["messages"])] if row["messages"] else [("", row["text"])]


@pytest.mark.parametrize("one", TABLE, ids=lambda one: f"{one.source}-{one.kind}-{one.before}")
def test_what_was_reported_is_read_as_what_it_is(one: Reported, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(one.record) + "\n", encoding="utf-8")
    dataset = prepare(tmp_path / "a.jsonl", tmp_path / "out")
    assert [turns(row) for row in pq.read_table(dataset.samples).to_pylist()] == [one.turns]


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
        ("export.json", '{"version": 1, "rows": [{"id": 1}], "batch": "x"}'),
        ("croissant.json", '{\n "recordSet": [{"name": "default"}]\n}'),
    ],
)
def test_a_file_about_the_data_is_no_sample_and_no_error(name: str, content: str, tmp_path: Path) -> None:
    dataset = prepare(write(tmp_path / "d", {"rows.jsonl": ROW, name: content}), tmp_path / "out")
    assert said(dataset) == ["one of train"]
    (failure,) = pq.read_table(dataset.failures).to_pylist()
    assert (failure["origin"], failure["reason"]) == (f"{name}:1", "unreadable")


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
    with pytest.raises(BadInput, match=r"a\.parquet has the column 'text' twice"):
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
