"""Chats, in the many shapes in which datasets hold them, as one: a list of messages.

Shapes: `{role, content}` (OpenAI), `{from, value}` (ShareGPT), content as a list of text parts, a column of roles beside
one of contents, a question with its answer in one object, strings in turn, each of these as JSON or as Python prints it,
and dialogues in one string (HH: "\\n\\nHuman: ...\\n\\nAssistant: ...").
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

_CALLED = {
    "system": "developer",
    "user": "human prompter",
    "assistant": "gpt chatgpt ai bot chatbot model llm bing bard claude gemini function_call tool_call tool_caller funccaller",
    "tool": "observation function function_response tool_response tool_result funcresponse ipython environment",
}
"""The roles that templates know, and what else datasets call them."""
_ASKED = ("input", "question", "prompt", "instruction")
_ANSWERED = ("output", "answer", "response", "completion")
_ROLES = {
    **{name: role for role, names in _CALLED.items() for name in (role, *names.split())},
    **dict.fromkeys(_ASKED, "user"),
    **dict.fromkeys(_ANSWERED, "assistant"),
}
_KEYS = tuple((role, content) for role in ("role", "from", "speaker") for content in ("content", "value", "text"))
_CALLS = ("tool_calls", "function_call")
_UNSAID = frozenset({"thinking", "redacted_thinking", "reasoning", "tool_use", "tool_call"})
"""Types of parts that are not said to anybody."""
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
        Message(_role(name), content.strip())
        for name, content in zip(names_and_contents[::2], names_and_contents[1::2], strict=True)
    ]
    return messages if messages[-1].content or len(messages) == 1 else messages[:-1]


def is_known(role: str) -> bool:
    """Whether a message's role is one that templates know."""
    return role in _CALLED


def parse_chat(value: Any) -> list[Message]:
    """The messages in a column's value, whichever shape it has. Raises `NotAChat`."""
    if isinstance(value, str):
        return _parse_string(value)
    if isinstance(value, dict):
        return _transposed(value) or _turns(value)
    if not isinstance(value, list | tuple):
        raise NotAChat(f"is a {type(value).__name__}, not a list of messages")
    if len(value) > 1 and all(isinstance(item, str) for item in value):
        return [Message(("user", "assistant")[i % 2], said) for i, said in enumerate(value)]
    messages: list[Message] = []
    for number, item in enumerate(value, 1):
        try:
            messages += _turns(item)
        except NotAChat as error:
            raise NotAChat(f"message {number} {error}") from error
    return messages


def parse_message(value: Any) -> Message:
    """One message of a chat, `{role, content}` or `{from, value}`. Raises `NotAChat`."""
    if not isinstance(value, dict):
        raise NotAChat(f"is a {type(value).__name__}, not an object")
    for role_key, content_key in _KEYS:
        if isinstance(value.get(role_key), str) and content_key in value:
            said = _content(value[content_key])
            return Message(_role(value[role_key]), said or _content(value.get("refusal")))
    if isinstance(value.get("role"), str) and any(value.get(key) for key in _CALLS):
        return Message(_role(value["role"]), "")
    raise NotAChat(f"has neither role and content nor from and value; it has {', '.join(map(str, value)) or 'nothing'}")


def _role(name: str) -> str:
    role = name.strip().lower()
    return _ROLES.get(role, role)


def _turns(item: Any) -> list[Message]:
    """The message in an object, or the two of one that holds a question with its answer."""
    try:
        return [parse_message(item)]
    except NotAChat:
        named = {_speaker(key): said for key, said in item.items()} if isinstance(item, dict) else {}
        if not isinstance(named.get("user"), str) or "assistant" not in named:
            raise
        return [Message(role, _content(named[role])) for role in ("system", "user", "assistant") if role in named]


def _speaker(key: Any) -> str | None:
    return _ROLES.get(str(key).strip().lower())


def _transposed(value: dict[Any, Any]) -> list[Message]:
    """Messages of an object that has a list of roles beside one of contents, as some writers store a list of objects."""
    for role_key, content_key in _KEYS:
        roles, contents = value.get(role_key), value.get(content_key)
        if isinstance(roles, list) and isinstance(contents, list):
            if len(roles) != len(contents):
                raise NotAChat(f"has {len(roles)} of {role_key} and {len(contents)} of {content_key}")
            return [parse_message({role_key: r, content_key: c}) for r, c in zip(roles, contents, strict=True)]
    return []


def _parse_string(value: str) -> list[Message]:
    if not value.lstrip().startswith("["):
        return parse_hh(value)
    try:
        items = json.loads(value)
    except (ValueError, RecursionError) as error:
        try:
            items = ast.literal_eval(value.strip())  # a list that was written to CSV as Python prints it
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            raise NotAChat(f"begins with [ but is not JSON: {error}") from error
    return parse_chat(items)


def _content(value: Any) -> str:
    match value:
        case None:  # a turn that only calls a tool
            return ""
        case str():
            return value
        case int() | float():
            return str(value)
        case [*parts]:
            return "\n".join(said for part in parts if (said := _text_part(part)) is not None)
        case _:
            raise NotAChat(f"has a {type(value).__name__} as content, not text")


def _text_part(part: Any) -> str | None:
    """The words of a part; None of one that says nothing."""
    match part:
        case str():
            return part
        case {"type": kind} if kind in _UNSAID:
            return None
        case {"text": str(text)}:
            return text
        case {"type": "tool_result", "content": content}:
            return _content(content)
        case {"type": kind}:
            raise NotAChat(f"has a part of type {kind}, which is not text")
        case _:
            raise NotAChat("has a part that is not text")
