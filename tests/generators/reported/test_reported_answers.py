"""What users of other tools reported that servers of models answered: its text is taken, or there is a sentence that says why not.

`before` is what became of it here: `right`, `wrong` (something else was taken, unsaid), `failed` (paid for, and lost) or
`unsaid` (refused, for a reason that was not the reason).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from fac_core.datasets.chats import Message
from fac_core.generators.chat_protocol import read
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.generators.seam import Request
from tests.generators.faulty_server import Body, Handler, faulty_server

REQUEST = Request((Message("user", "Name a river."),), stop=("\n\n",))
RIVER = "The Danube."


def says(content: Any = RIVER, finish: Any = "stop", **of_message: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **of_message}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def streamed(*pieces: dict[str, Any], end: str = "data: [DONE]\n\n") -> str:
    return "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + end


def piece(content: str | None, finish: str | None = None, **of_delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content, **of_delta}, "finish_reason": finish}]}


@dataclass(frozen=True)
class Reported:
    """One reply, and what it is."""

    source: str
    """The thread, as repository and number; `ours` for a cousin that we thought of."""
    kind: str
    before: str
    reply: Any
    """As text, or as JSON."""
    text: str = ""
    problem: str = ""


TABLE = [
    # Streamed although nobody asked for it
    Reported("unsloth#6570", "stream", "failed", streamed(piece("", role="assistant"), piece("The "), piece("Danube."), piece(None, "stop"), {"choices": [], "usage": {"completion_tokens": 3}}), RIVER),
    Reported("OmniRoute#10239", "stream", "failed", ": PROCESSING\n\n" + streamed(piece("The Danube.", "stop"), end=""), RIVER),
    Reported("9router#3492", "stream", "failed", json.dumps(says()) + "\n\ndata: [DONE]\n\n", RIVER),
    Reported("ours", "stream", "failed", streamed(piece(None, reasoning_content="Hm."), piece("The "), piece("Danube.\u2028", "stop")), RIVER + "\u2028"),
    Reported("ours", "stream", "failed", streamed({"error": {"message": "out of memory"}}), problem="out of memory"),
    # Marks of a template, and what stands behind them
    Reported("llama.cpp#6903", "mark", "wrong", says("The Danube.<|end|>"), RIVER),
    Reported("vllm#4260", "mark", "wrong", says("The Danube.<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nThat is right!"), RIVER),
    Reported("llamafile#630", "mark", "wrong", says("The Danube.\n<end_of_turn>"), RIVER),
    Reported("vllm#5077", "mark", "wrong", says("The Danube.</s>"), RIVER),
    Reported("MiniCPM-V#373", "mark", "wrong", says("The Danube.<|eot_id|><|eot_id|>\n<|eot_id|>"), RIVER),
    Reported("DeepSeek-Coder#136", "mark", "wrong", says("The Danube.\n<|EOT|>\n<|EOT|>"), RIVER),
    Reported("llama_index#13320", "mark", "wrong", says("The Danube. </s><s> [INST] And a hill? [/INST] Box Hill."), RIVER),
    Reported("ours", "mark", "right", says("A turn ends with <|im_end|> in ChatML."), "A turn ends with <|im_end|> in ChatML."),
    Reported("ours", "mark", "right", says("It costs <s>10</s>"), "It costs <s>10</s>"),
    # Ways to finish
    Reported("litellm#20732", "finish", "right", says(finish=""), RIVER),
    Reported("pydantic-ai#7816", "finish", "right", says(finish="eos"), RIVER),
    Reported("ours", "finish", "failed", says(finish={"type": "stop"}), RIVER),
    Reported("pydantic-ai#2844", "finish", "wrong", says("The Dan", "error"), problem="broke the answer off, for the reason 'error'"),
    Reported("litellm#6104", "finish", "wrong", says("The Dan", "content_filter"), problem="content filter"),
    Reported("ours", "finish", "unsaid", says(None, "network_error"), problem="'network_error'"),
    # Thoughts, tools, and newlines before the answer
    Reported("vllm#45736", "thoughts", "unsaid", says(None, reasoning="Hm."), problem="thoughts and no answer"),
    Reported("xagent#626", "thoughts", "right", says("", "length", reasoning_content="Hm."), problem="allow more tokens"),
    Reported("OmniRoute#12696", "tool", "unsaid", says(None, "tool_calls", tool_calls=[{"function": {"name": "memory_search"}}]), problem="called a tool"),
    Reported("ours", "newlines", "failed", says("<think>Hm.</think>\n\nThe Danube.\n\nIt is long."), RIVER),
    # Fields of other types than they have
    Reported("minimind#851", "type", "failed", {"choices": [{"text": RIVER}]}, RIVER),
    Reported("ours", "type", "failed", {"choices": [{"message": None, "text": RIVER}]}, RIVER),
    Reported("ours", "type", "failed", {**says(), "usage": []}, RIVER),
    Reported("ours", "type", "failed", says(refusal=False), RIVER),
    Reported("ours", "type", "failed", says([None, {"type": "text", "text": RIVER}]), RIVER),
    Reported("ours", "type", "failed", says({"label": "river"}), '{"label": "river"}'),
    Reported("schemathesis#1563", "type", "failed", "\ufeff" + json.dumps(says()), RIVER),
    Reported("ours", "error", "unsaid", {"success": False, "errors": [{"code": 1, "message": "no such account"}], "result": None}, problem="no such account"),
    Reported("ours", "error", "unsaid", {"code": 1, "msg": "the model is loading"}, problem="the model is loading"),
]  # fmt: skip


@pytest.mark.parametrize("one", TABLE, ids=lambda one: f"{one.source}-{one.kind}-{one.before}")
def test_what_was_reported_is_an_answer_or_says_why_it_is_none(one: Reported) -> None:
    found = read(one.reply if isinstance(one.reply, str) else json.dumps(one.reply), REQUEST)
    assert found is not None
    assert found.texts == ((one.text,) if one.text else ())
    assert one.problem in found.problem
    assert bool(found.problem) == bool(one.problem)


def test_a_stream_that_broke_off_is_no_answer() -> None:
    assert read(streamed(piece("The Dan"), end=""), REQUEST) is None


@pytest.mark.parametrize("reply", ['data: {"choices": [3]}', "data: 3", 'data: {"choices": {"a": 1}}', "data: {", ": "])
def test_a_stream_of_anything_else_is_none(reply: str) -> None:
    assert read(reply, REQUEST) is None


def asked(status: int, body: str, **headers: str) -> tuple[str, int]:
    def act(handler: Handler, _body: Body) -> None:
        handler.send(status, body.encode(), **headers)

    with faulty_server(always=act) as server:
        generator = OpenAICompatible(Server(server.url, "m", retries=0, concurrency=1))
        answers = generator.generate([REQUEST] * 3)
        return answers[-1].error or "", len(server.bodies)


def test_a_page_in_place_of_a_reply_is_told_in_the_words_that_one_reads() -> None:
    """AutoGPT#944: before, the page was not told at all, or told as 300 characters of HTML."""
    page = "<!DOCTYPE html><html><head><style>a { b }</style></head><body><h1>Bad gateway</h1> Host error</body></html>"
    assert "'Bad gateway Host error'. Does the address end in /v1?" in asked(200, page)[0]
    assert asked(502, page)[0].endswith("Bad gateway Host error")


def test_a_refusal_in_another_shape_is_told_and_the_field_that_it_means_left_out() -> None:
    """Ours, as FastAPI writes it: before, only its status was told, and only the fields that stand first were tried."""
    assert asked(404, '{"detail": "Not Found"}')[0].endswith(": Not Found")
    assert asked(400, '{"message": "no such voice"}')[0].endswith(": no such voice")

    def fastapi(handler: Handler, body: Body) -> None:
        detail = [{"type": "extra_forbidden", "loc": ["body", "top_p"], "msg": "Extra inputs are not permitted"}]
        ok = "top_p" not in body
        handler.send(200 if ok else 422, json.dumps(says() if ok else {"detail": detail}).encode())

    with faulty_server(always=fastapi) as server:
        (answer,) = OpenAICompatible(Server(server.url, "m", retries=0)).generate([REQUEST])
        assert (answer.texts, len(server.bodies)) == ((RIVER,), 2)


def test_a_server_that_sends_elsewhere_is_asked_once_and_says_where() -> None:
    """one-api#533, openai-dotnet#536: nothing is sent to where nobody sent it."""
    error, n = asked(307, "", Location="https://elsewhere.example/v1/chat/completions")
    assert "sends elsewhere (307): https://elsewhere.example/v1" in error
    assert n == 1
