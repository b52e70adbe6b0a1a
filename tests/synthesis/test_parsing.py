"""What a model writes becomes a sample of the shape that was asked for, or says what it lacks."""

from __future__ import annotations

import pytest

from fac_core.synthesis.parsing import Malformed, parse, whole


@pytest.mark.parametrize(
    ("answer", "shape", "text"),
    [
        ('Sure! {"text": "Court is {in} session."} Anything else?', "text", "Court is {in} session."),
        ('{"note": 1} {"text": "b"}', "text", "b"),
        ('{"instruction": "Add.", "response": "3"}', "instruction", "user: Add.\nassistant: 3"),
        ('{"instruction": "Add.", "chosen": "3", "rejected": "4"}', "pair", "user: Add.\nassistant: 3"),
        ('{"question": "Do you?", "matching": "Yes", "not_matching": "No"}', "behaviour", "Do you?\n(A) Yes\n(B) No"),
        (
            '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]}',
            "chat",
            "user: Hi\nassistant: Yo",
        ),
    ],
)
def test_json_is_found_whatever_stands_around_it(answer, shape, text):
    assert parse(answer, shape, "json").text == text


@pytest.mark.parametrize(
    ("answer", "shape", "lacks"),
    [
        ("no json at all", "text", "no JSON object"),
        ('{"text": "cut off', "text", "no JSON object"),
        ('{"text": "  "}', "text", "'text' is missing or empty"),
        ('{"instruction": "Add.", "response": 3}', "instruction", "'response' is missing"),
        ('{"instruction": "a", "chosen": "b", "rejected": "b"}', "pair", "are the same"),
        ('{"messages": "hello"}', "chat", "messages"),
        ('{"messages": [{"role": "assistant", "content": "Yo"}]}', "chat", "alternation"),
        ("[" * 100_000 + '{"text": ' + "[" * 100_000, "text", "no JSON object"),
    ],
)
def test_what_is_no_sample_says_why(answer, shape, lacks):
    with pytest.raises(Malformed, match=lacks):
        parse(answer, shape, "json")


def test_the_plain_form_needs_no_json():
    assert parse(" A  man\n was here. And th", "text", "plain").text == "A man was here."
    chat = parse(" Who?\nAnswer: Me.", "instruction", "plain")
    assert chat.fields == {"instruction": "Who?", "response": "Me."}
    assert [m.role for m in chat.chat or ()] == ["user", "assistant"]
    with pytest.raises(Malformed, match="Answer:"):
        parse("Who?", "chat", "plain")


def test_a_sentence_that_was_cut_off_is_left_out():
    assert whole('He said "go." Then') == 'He said "go."'
    assert whole("version 2.5 of it") == "version 2.5 of it"
