"""Chats, in the many shapes in which datasets hold them, as one: a list of messages.

Shapes: `{role, content}` (OpenAI), `{from, value}` (ShareGPT), content as a list of text parts, the same as a JSON
string in a CSV column, and dialogues in one string (HH: "\\n\\nHuman: ...\\n\\nAssistant: ...").
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant", "chatbot": "assistant"}
_HH_TURN = re.compile(r"\n\n(Human|Assistant):")
_HH_START = re.compile(r"\s*(Human|Assistant):")


class NotAChat(ValueError):
    """A value cannot be read as a chat; the message says where it fails."""


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: str
    """`system`, `user`, `assistant`, or what else the dataset has, in lower case."""
    content: str
    """What was said; may be empty."""


def transcript(messages: Sequence[Message]) -> tuple[str, list[tuple[int, int]]]:
    """The chat as text, and where in it each message's content is, in characters `[start, end)`.

    >>> transcript([Message("user", "Hi"), Message("assistant", "Hello")])
    ('user: Hi\\nassistant: Hello', [(6, 8), (20, 25)])
    """
    lines: list[str] = []
    spans: list[tuple[int, int]] = []
    start = 0
    for message in messages:
        content_start = start + len(message.role) + len(": ")
        spans.append((content_start, content_start + len(message.content)))
        lines.append(f"{message.role}: {message.content}")
        start = spans[-1][1] + len("\n")
    return "\n".join(lines), spans


def to_json(messages: Sequence[Message]) -> str:
    """JSON list of `{role, content}`, as the samples file stores it."""
    return json.dumps([asdict(message) for message in messages], ensure_ascii=False)


def is_hh(text: str) -> bool:
    """Whether a string is a dialogue in the form of Anthropic's HH data."""
    return text.startswith("\n\nHuman:")


def parse_hh(text: str) -> list[Message]:
    """Messages of a dialogue "\\n\\nHuman: ...\\n\\nAssistant: ..."; contents are stripped.

    An empty last turn is left out: it is the cue for an answer that stands elsewhere.
    """
    start = _HH_START.match(text)
    if start is None:
        raise NotAChat('does not begin with "Human:"')
    names_and_contents = [start[1], *_HH_TURN.split(text[start.end() :])]
    messages = [
        Message(_ROLES.get(name.lower(), name.lower()), content.strip())
        for name, content in zip(names_and_contents[::2], names_and_contents[1::2], strict=True)
    ]
    return messages if messages[-1].content or len(messages) == 1 else messages[:-1]


def parse_chat(value: Any) -> list[Message]:
    """The messages in a column's value, whichever shape it has. Raises `NotAChat`."""
    if isinstance(value, str):
        return _parse_string(value)
    if isinstance(value, dict):
        return [parse_message(value)]
    if not isinstance(value, list | tuple):
        raise NotAChat(f"is a {type(value).__name__}, not a list of messages")
    messages: list[Message] = []
    for number, item in enumerate(value, 1):
        try:
            messages.append(parse_message(item))
        except NotAChat as error:
            raise NotAChat(f"message {number} {error}") from error
    return messages


def parse_message(value: Any) -> Message:
    """One message of a chat, `{role, content}` or `{from, value}`. Raises `NotAChat`."""
    if not isinstance(value, dict):
        raise NotAChat(f"is a {type(value).__name__}, not an object")
    for role_key, content_key in (("role", "content"), ("from", "value")):
        role = value.get(role_key)
        if isinstance(role, str) and content_key in value:
            role = role.strip().lower()
            return Message(_ROLES.get(role, role), _content(value[content_key]))
    raise NotAChat(f"has neither role and content nor from and value; it has {', '.join(map(str, value)) or 'nothing'}")


def _parse_string(value: str) -> list[Message]:
    if not value.lstrip().startswith("["):
        return parse_hh(value)
    try:
        items = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise NotAChat(f"begins with [ but is not JSON: {error}") from error
    return parse_chat(items)


def _content(value: Any) -> str:
    match value:
        case None:  # a turn that only calls a tool
            return ""
        case str():
            return value
        case [*parts]:
            return "\n".join(_text_part(part) for part in parts)
        case _:
            raise NotAChat(f"has a {type(value).__name__} as content, not text")


def _text_part(part: Any) -> str:
    match part:
        case str():
            return part
        case {"text": str(text)}:
            return text
        case {"type": kind}:
            raise NotAChat(f"has a part of type {kind}, which is not text")
        case _:
            raise NotAChat("has a part that is not text")
