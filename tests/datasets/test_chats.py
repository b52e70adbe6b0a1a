"""Chats in all their shapes, and their transcript."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fac_core.datasets.chats import Message, NotAChat, parse_chat, parse_hh, to_json, transcript

HELLO = [Message("user", "Hi"), Message("assistant", "Hello")]


@given(st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text()), max_size=5))
def test_each_span_of_the_transcript_is_the_content_of_its_message(messages: list[Message]) -> None:
    text, spans = transcript(messages)
    assert [text[start:end] for start, end in spans] == [message.content for message in messages]
    assert text == "\n".join(f"{message.role}: {message.content}" for message in messages)


@pytest.mark.parametrize(
    "value",
    [
        [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello", "tool_calls": None}],
        [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}],
        [{"role": "User", "content": ["Hi"]}, {"role": "model", "content": [{"type": "text", "text": "Hello"}]}],
        '[{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]',
        "\n\nHuman: Hi\n\nAssistant: Hello",
        "Human: Hi\n\nAssistant:Hello\n\nHuman:",
    ],
    ids=["openai", "sharegpt", "parts", "json-string", "hh", "hh-cue"],
)
def test_every_shape_gives_the_same_messages(value: object) -> None:
    assert parse_chat(value) == HELLO


def test_a_dialogue_keeps_paragraphs_and_repeated_turns() -> None:
    assert parse_hh("\n\nHuman: one\n\ntwo\n\nHuman: three\n\nAssistant: four") == [
        Message("user", "one\n\ntwo"),
        Message("user", "three"),
        Message("assistant", "four"),
    ]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (3, "is a int, not a list of messages"),
        ("Good morning", 'does not begin with "Human:"'),
        ("[{", "begins with [ but is not JSON"),
        ([{"role": "user", "content": "Hi"}, {"role": "assistant"}], "message 2 has neither role and content"),
        ([{"role": "user", "content": {"a": 3}}], "message 1 has a dict as content"),
        ([{"role": "user", "content": [{"type": "image_url", "text": None}]}], "a part of type image_url"),
        (["Hi"], "message 1 is a str, not an object"),
        ([{3: "user"}], "it has 3"),
    ],
)
def test_what_is_no_chat_says_where_it_fails(value: object, problem: str) -> None:
    with pytest.raises(NotAChat) as refusal:
        parse_chat(value)
    assert problem in str(refusal.value)


def test_a_turn_without_content_is_empty() -> None:
    assert parse_chat([{"role": "assistant", "content": None}]) == [Message("assistant", "")]


def test_stored_messages_have_role_and_content_and_stay_legible() -> None:
    assert to_json([Message("user", "Grüße 😀")]) == '[{"role": "user", "content": "Grüße 😀"}]'
    assert parse_chat(json.loads(to_json(HELLO))) == HELLO
