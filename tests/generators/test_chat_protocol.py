"""A reply is read without trust: whatever a server makes of the protocol, its text, its count, or its own words for what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fac_core.datasets.chats import Message
from fac_core.generators.chat_protocol import Reply, read
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Request
from tests.generators.faulty_server import Body, Handler, faulty_server, garbage

REQUEST = Request((Message("user", "Name a river."),))


def reply(content: Any = "The Danube.", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}], **more}


def read_of(document: object) -> Reply:
    found = read(json.dumps(document), REQUEST)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"error": {"code": 400, "message": "the context is too small"}}, "the context is too small"),  # textgen#7257
        ({"error": "no such model"}, "no such model"),  # open-webui#11906
        ({"detail": "Model 'x' was not found"}, "Model 'x' was not found"),  # open-webui#11906
        ({"choices": None, "error": {"message": "out of memory"}}, "out of memory"),  # langchain#34515
        ({"object": "error", "message": "too long", "code": 400}, "too long"),
        (
            {"choices": [{"error": {"code": 502, "message": "upstream"}, "finish_reason": "error"}]},
            "upstream",
        ),  # dify#9249
        ({"error": {"code": 500}}, "500"),
    ],
)
def test_an_error_with_the_status_of_success_is_told_in_the_servers_words(document: object, says: str) -> None:
    found = read_of(document)
    assert (found.texts, found.n_choices) == ((), 0)
    assert found.problem == f"The server answered with an error: {says}"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"type": "text", "text": "The "}, {"type": "text", "text": "Danube."}], "The Danube."),
        ([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "The Danube."}], "The Danube."),
        (["The ", "Danube."], "The Danube."),
        ("half \ud83d pair", "half ??? pair".replace("???", "\ufffd\ufffd\ufffd")),
    ],
)
def test_content_in_parts_or_no_unicode_is_text(content: object, text: str) -> None:
    assert read_of(reply(content)).texts == (text,)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5}, (10, 5)),
        ({"prompt_tokens": 10.0, "completion_tokens": "5"}, (10, 5)),
        ({"prompt_tokens": None, "completion_tokens": None}, (4, 3)),  # openai-agents-python#1179
        ({"prompt_tokens": "many", "completion_tokens": -1}, (4, 0)),
        (None, (4, 3)),
    ],
)
def test_tokens_are_counted_however_they_are_written(usage: object, counted: tuple[int, int]) -> None:
    found = read_of(reply(usage=usage)).usage
    assert (found.prompt_tokens, found.completion_tokens) == counted


@pytest.mark.parametrize("text", ["<html>", "", "[]", "3", '{"id": "x"}', '{"choices": []}', "[" * 100_000])
def test_what_is_no_reply_at_all_is_none(text: str) -> None:
    assert read(text, REQUEST) is None


def test_an_error_is_asked_for_once_and_garbage_no_more_often_than_was_allowed() -> None:
    def wrong(handler: Handler, _body: Body) -> None:
        handler.send(200, b'{"error": {"message": "the context is too small"}}')

    for always, retries, n_asked in ((wrong, 4, 1), (garbage, 0, 1), (garbage, 1, 2), (garbage, 4, 3)):
        with faulty_server(always=always) as server:
            (answer,) = OpenAICompatible(Server(server.url, "m", retries=retries)).generate([REQUEST])
            assert len(server.bodies) == n_asked
            assert answer.error
