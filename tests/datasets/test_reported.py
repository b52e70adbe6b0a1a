"""What users of other tools reported that they brought, in small inputs of our own: each is read rightly, or refused by name.

`before` is what became of it here before November 2026, so that the table says what kinds of things go wrong unseen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from fac_core.datasets.prepare import prepare

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
    Reported("ours", "role", "wrong", sharegpt("Question", "Answer"), PLAIN),
    Reported("ours", "role", "wrong", sharegpt("instruction", "output"), PLAIN),
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
