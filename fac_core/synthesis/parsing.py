"""What came back, as a sample of the shape that was asked for. What a model writes is untrusted: it is parsed, never run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fac_core.datasets.chats import Message, NotAChat, parse_chat, transcript
from fac_core.generators.thoughts import without_thoughts
from fac_core.synthesis.spec import Shape

FIELDS: dict[Shape, tuple[str, ...]] = {
    "text": ("text",),
    "instruction": ("instruction", "response"),
    "pair": ("instruction", "chosen", "rejected"),
    "behaviour": ("question", "matching", "not_matching"),
    "chat": ("messages",),
}
"""Fields of the JSON object of a shape."""


class Malformed(ValueError):
    """An answer is no sample of the shape; the message says what it lacks."""


@dataclass(frozen=True)
class Sample:
    """What an answer holds."""

    text: str
    """What is encoded: the text itself, or the transcript."""
    chat: tuple[Message, ...] | None
    fields: dict[str, Any]


def parse(answer: str, shape: Shape, form: str) -> Sample:
    """Read an answer in form `json` or `plain`. Raises `Malformed`."""
    answer = without_thoughts(answer)
    return sample(_object(answer, shape) if form == "json" else _plain(answer, shape), shape)


def sample(fields: dict[str, Any], shape: Shape) -> Sample:
    """A sample from its fields. Raises `Malformed` where one is missing or empty."""
    if shape == "chat":
        return _chat(fields)
    for name in FIELDS[shape]:
        if not isinstance(fields.get(name), str) or not fields[name].strip():
            raise Malformed(f"field {name!r} is missing or empty")
    kept = {name: fields[name].strip() for name in FIELDS[shape]}
    if shape == "text":
        return Sample(kept["text"], None, {})
    if shape == "pair" and kept["chosen"] == kept["rejected"]:
        raise Malformed("chosen and rejected are the same")
    return Sample(*put_together(kept, shape), kept)


def put_together(fields: Mapping[str, str], shape: str) -> tuple[str, tuple[Message, ...] | None]:
    """The text of an instruction, a pair or a behaviour, and its chat if it has one."""
    if shape == "behaviour":
        return f"{fields['question']}\n(A) {fields['matching']}\n(B) {fields['not_matching']}", None
    answered = fields["response" if shape == "instruction" else "chosen"]
    chat = (Message("user", fields["instruction"]), Message("assistant", answered))
    return transcript(chat)[0], chat


def _chat(fields: dict[str, Any]) -> Sample:
    try:
        chat = tuple(parse_chat(fields.get("messages")))
    except NotAChat as error:
        raise Malformed(f"field 'messages' {error}") from error
    roles = [message.role for message in chat if message.role != "system"]
    if len(roles) < 2 or roles != [("user", "assistant")[i % 2] for i in range(len(roles))]:
        raise Malformed("the turns are not user and assistant in alternation")
    return Sample(transcript(chat)[0], chat, {"messages": [{"role": m.role, "content": m.content} for m in chat]})


def _object(answer: str, shape: Shape) -> dict[str, Any]:
    """The first JSON object with the shape's fields, whatever stands around it."""
    decoder = json.JSONDecoder()
    at = answer.find("{")
    while at >= 0:
        try:
            found, _ = decoder.raw_decode(answer, at)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict) and FIELDS[shape][0] in found:
            return found
        at = answer.find("{", at + 1)
    raise Malformed("there is no JSON object with the fields asked for")


_MARKS = {"instruction": ("Question:", "Answer:"), "chat": ("Question:", "Answer:")}
"""In form `plain`: what stands before the parts of a sample."""


def _plain(answer: str, shape: Shape) -> dict[str, Any]:
    if shape == "text":
        return {"text": whole(" ".join(answer.split()))}
    if shape not in _MARKS:
        raise Malformed(f"form plain has no way to write shape {shape}")
    first, second = _MARKS[shape]
    question, found, response = answer.partition(second)
    if not found:
        raise Malformed(f"there is no {second!r}")
    question, response = question.replace(first, "").strip(), response.strip()
    if shape == "chat":
        return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": response}]}
    return {"instruction": question, "response": response}


_SENTENCE = re.compile(r"[.!?][\"'”’)]?(?=\s|$)")


def whole(text: str) -> str:
    """A text that was cut off in the middle of a sentence, without that rest; one without any whole sentence as it is.

    >>> whole("She left. Then the")
    'She left.'
    """
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    return text[: ends[-1]] if ends else text
