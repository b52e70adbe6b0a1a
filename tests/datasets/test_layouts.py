"""From the columns of a record to a text or a chat."""

from typing import Any

import pytest

from fac_core.datasets.chats import Message
from fac_core.datasets.columns import Refused
from fac_core.datasets.layouts import ColumnMapping, Layout, settle
from fac_core.datasets.reading.records import Record
from fac_core.errors import BadInput, WrongUse

HI, HELLO = Message("user", "Hi"), Message("assistant", "Hello")
SHAREGPT = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]
OPENAI = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
DIALOGUE = "\n\nHuman: Hi\n\nAssistant: Hello"


def layout_of(columns: dict[str, Any], **mapping: Any) -> Layout:
    return settle(ColumnMapping(**mapping), [Record("a.jsonl:1", columns)], "data/a.jsonl")


@pytest.mark.parametrize(
    ("columns", "content"),
    [
        ({"text": "a", "other": "b"}, "a"),
        ({"Content": "a", "other": "b"}, "a"),
        ({"prompt": "a", "toxic": 1}, "a"),
        ({"anything": "a"}, "a"),
        ({"messages": OPENAI, "text": "a"}, [HI, HELLO]),
        ({"conversations": SHAREGPT}, [HI, HELLO]),
        ({"instruction": "Hi", "input": "", "output": "Hello"}, [HI, HELLO]),
        ({"instruction": "Hi", "input": "you", "output": "Hello"}, [Message("user", "Hi\n\nyou"), HELLO]),
        ({"instruction": "Hi", "input": None, "output": "Hello"}, [HI, HELLO]),
        ({"question": "Hi", "answer": ["Hello"]}, [HI, HELLO]),
        ({"question": "Hi", "answer": None}, [HI]),
        ({"prompt": "Hi", "response": "Hello"}, [HI, HELLO]),
        ({"text": DIALOGUE}, [HI, HELLO]),
        ({"chosen": DIALOGUE, "rejected": "\n\nHuman: no"}, [HI, HELLO]),
        ({"chosen": OPENAI, "rejected": [], "prompt": "Hi"}, [HI, HELLO]),
        ({"chosen": OPENAI[1:], "rejected": [], "prompt": OPENAI[:1]}, [HI, HELLO]),
        ({"chosen": "Hello", "rejected": "no", "prompt": "Hi"}, [HI, HELLO]),
        ({"chosen": "Hello", "rejected": "no", "prompt": "\n\nHuman: Hi\n\nAssistant:"}, [HI, HELLO]),
        ({"chosen": "Hello", "rejected": "no"}, "Hello"),
        ({"conversations": SHAREGPT[:1], "chosen": SHAREGPT[1], "rejected": SHAREGPT[1]}, [HI, HELLO]),
    ],
)
def test_common_layouts_are_found_without_being_told(columns: dict[str, Any], content: object) -> None:
    assert layout_of(columns).content(columns) == content


def test_a_null_in_the_first_record_does_not_hide_a_column() -> None:
    head = [Record("a:1", {"messages": None, "id": 1}), Record("a:2", {"messages": OPENAI, "id": 2})]
    assert settle(ColumnMapping(), head, "a").content(head[1].columns) == [HI, HELLO]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("Treatment ", "rest"),
        ("{Treatment }: {legal-claim}", "rest: true"),
        ("{{{n}}}", "{3}"),
        ("{answers}", "one two"),
        ("{chat}\n{turn}", "Hi\nHello\nHello"),
    ],
)
def test_a_named_text_is_a_column_or_a_template(text: str, content: str) -> None:
    columns = {
        "Treatment ": "rest",
        "legal-claim": "true",
        "n": 3,
        "answers": ["one", "two"],
        "chat": SHAREGPT,
        "turn": SHAREGPT[1],
    }
    assert layout_of(columns, text=text).content(columns) == content


def test_a_named_column_is_text_even_if_it_looks_like_a_dialogue() -> None:
    columns = {"text": DIALOGUE}
    assert layout_of(columns, text="text").content(columns) == DIALOGUE
    assert layout_of(columns, messages="text").content(columns) == [HI, HELLO]


@pytest.mark.parametrize(
    ("mapping", "columns", "reason"),
    [
        ({"text": "{a} {b}"}, {"a": "x", "b": None}, "missing_column"),
        ({"text": "{a} {b}"}, {"a": "x", "b": float("nan")}, "missing_column"),
        ({"text": "{a} {b}"}, {"a": "x"}, "missing_column"),
        ({"text": "a"}, {"b": "x"}, "missing_column"),
        ({"text": "a"}, {"a": None}, "empty"),
        ({"text": "a"}, {"a": {"x": 1}}, "unreadable"),
        ({"text": "a"}, {"a": b"bytes"}, "unreadable"),
        ({"messages": "a"}, {"a": None}, "empty"),
        ({"messages": "a"}, {"a": "no chat"}, "unreadable"),
        ({"messages": "a"}, {"a": [{"role": "user"}]}, "unreadable"),
    ],
)
def test_a_record_that_does_not_follow_the_layout_is_refused_with_its_reason(
    mapping: dict[str, str], columns: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused) as refusal:
        layout_of({"a": "x", "b": "y"}, **mapping).content(columns)
    assert refusal.value.reason == reason


def test_a_template_without_any_words_in_it_is_empty() -> None:
    assert layout_of({"a": "", "b": " "}, text="{a}? {b}!").content({"a": "", "b": " "}) == ""


def test_id_and_label_are_found_or_named_and_null_ones_left_out() -> None:
    columns = {"text": "a", "ID": 7, "label": None, "kind": "x"}
    assert layout_of(columns).metadata(columns) == {"id": 7}
    assert layout_of(columns, id="kind", label="ID").metadata(columns) == {"id": "x", "label": 7}


def test_the_description_says_what_was_done() -> None:
    columns = {"question": "Hi", "answer": "Hello", "id": 1}
    assert layout_of(columns).description == "question as user, answer as assistant, id in id"
    assert layout_of(columns, text="question").description == "{question}, id in id"


@pytest.mark.parametrize(
    "mapping", [{"text": "{x} {a}"}, {"text": "x"}, {"messages": "x"}, {"id": "x"}, {"label": "x"}], ids=str
)
def test_a_column_that_is_not_there_is_an_error_with_place_columns_and_flag(mapping: dict[str, str]) -> None:
    with pytest.raises(BadInput) as error:
        layout_of({"a": "1", "text": "2"}, **mapping)
    for part in ("data/a.jsonl", "'x'", "a.jsonl:1", "a, text", f"--{next(iter(mapping))}"):
        assert part in str(error.value)


def test_when_nothing_fits_the_error_names_place_columns_and_flags() -> None:
    with pytest.raises(BadInput) as error:
        layout_of({"a": "1", "b": "2"})
    for part in ("data/a.jsonl", "a.jsonl:1", "a, b", '--text "{COLUMN}"', "--messages COLUMN"):
        assert part in str(error.value)


def test_text_and_messages_together_are_wrong_use() -> None:
    with pytest.raises(WrongUse, match="not both"):
        layout_of({"a": "1"}, text="a", messages="a")
