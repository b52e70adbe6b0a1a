"""The columns of one record: one as text, one as a chat, several that are a chat together.

What cannot be read so is refused, with the reason that becomes a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from fac_core.datasets.chats import Message, NotAChat, is_hh, parse_chat

Reason = Literal["empty", "duplicate", "missing_column", "unreadable"]
"""Why a record is not a sample, as `failures.parquet` names it."""
Columns = dict[str, Any]

ASKED = (
    ("instruction", "input"),
    ("instruction", "context"),
    ("instruction",),
    ("question",),
    ("prompt",),
    ("query",),
    ("problem",),
    ("input",),
    ("inputs",),
    ("user",),
    ("human",),
)
"""Columns with what the user says; two are joined by a blank line."""
ANSWERED = (
    "output",
    "response",
    "completion",
    "completions",
    "answer",
    "solution",
    "generated_solution",
    "targets",
    "assistant",
    "gpt",
)
"""Columns with what the assistant says."""
ORDERED = ("system", "system_prompt")
"""Columns with what the system says before."""
HISTORY = ("history",)
"""Columns with earlier turns: pairs of what was asked and answered."""

_MOST_NAMES, _LONGEST_NAME, _LONGEST_DETAIL = 20, 60, 1000
"""What a message keeps of names that come from outside: it is there once for every record that fails."""


class Refused(Exception):
    """One record does not follow the layout of its part."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail[:_LONGEST_DETAIL]


def present(columns: Columns, column: str) -> Any:
    """The value, which may be null. Refused as `missing_column` where the record has no such column."""
    if column not in columns:
        raise Refused("missing_column", f"there is no column {column!r}; there are {listed(columns)}")
    return columns[column]


def filled(columns: Columns, column: str) -> Any:
    """The value. Refused as `missing_column` where there is no such column, as `empty` where it is null."""
    value = present(columns, column)
    if is_null(value):
        raise Refused("empty", f"{column} is null")
    return value


def as_text(value: Any, column: str) -> str:
    """Strings and numbers as they are, strings in a list joined by spaces, messages by newlines."""
    match value:
        case str():
            return value
        case bool() | int() | float():
            return str(value)
        case [*items] if all(isinstance(item, str) for item in items):
            return " ".join(items)
        case [{}, *_] | {}:
            return "\n".join(message.content for message in as_chat(value, column, wanted="neither text nor"))
        case _:
            raise Refused("unreadable", f"{column} is a {type(value).__name__}, not text")


def as_chat(value: Any, column: str, *, wanted: str = "not") -> list[Message]:
    """The chat in a value. Refused as `unreadable` where it is none."""
    try:
        return parse_chat(value)
    except NotAChat as error:
        raise Refused("unreadable", f"{column} is {wanted} a chat: {error}") from error


def looks_like_chat(value: Any) -> bool:
    """Whether a value of unknown origin should be read as a chat, not as text."""
    match value:
        case str():
            return is_hh(value) or value.lstrip().startswith("[{")
        case [{}, *_] | {"role": [*_]} | {"from": [*_]}:
            return True
        case _:
            return False


def is_turns(value: Any) -> bool:
    """The same in a column whose name says that it holds a chat: there, strings are what two say in turn."""
    return looks_like_chat(value) or (_are_strings(value) and len(value) > 1)


def is_chat(value: Any) -> bool:
    """The same in a column whose name says that it holds a text: it is a chat only if it can be read as one."""
    if not looks_like_chat(value):
        return False
    try:
        return bool(parse_chat(value))
    except NotAChat:
        return False


def is_null(value: Any) -> bool:
    """Null, or NaN: some writers store null so."""
    return value is None or (isinstance(value, float) and value != value)


def listed(columns: Columns) -> str:
    """The columns' names, for a message: of a table that is nothing but wide, the first of them."""
    names = [str(column)[:_LONGEST_NAME] for column in islice(columns, _MOST_NAMES)]
    more = f" and {len(columns) - _MOST_NAMES:,} more" if len(columns) > _MOST_NAMES else ""
    return (", ".join(names) or "none") + more


def is_said(value: Any) -> bool:
    """Whether a value can be what somebody says: an object of other things, such as spans of answers, cannot."""
    return is_null(value) or isinstance(value, str | int | float) or looks_like_chat(value) or _are_strings(value)


def said(value: Any, role: str, column: str) -> list[Message]:
    """A value as one message of that role, or the messages that it is. Refused where it is neither."""
    return as_chat(value, column) if looks_like_chat(value) else [Message(role, as_text(value, column))]


def exchange(asked: Sequence[str], answered: str, history: str | None = None) -> Callable[[Columns], list[Message]]:
    """The chat of a record with a question and its answer, each a text or messages of its own."""

    def content(columns: Columns) -> list[Message]:
        question = said(filled(columns, asked[0]), "user", asked[0])
        more = [as_text(columns[column], column) for column in asked[1:] if not is_null(columns.get(column))]
        if len(question) == 1:
            words = [question[0].content, *more]
            question = [Message(question[0].role, "\n\n".join(part for part in words if part.strip()))]
        answer = present(columns, answered)
        replies = [] if is_null(answer) else said(answer, "assistant", answered)
        if replies[: len(question)] == question:  # the answer is the whole conversation
            return replies
        return [*_earlier(columns, history), *question, *replies]

    return content


def after_orders(content: Callable[[Columns], Any], column: str) -> Callable[[Columns], Any]:
    """The same chat after what a column says as the system, where the chat itself has no such message."""

    def whole(columns: Columns) -> Any:
        chat = content(columns)
        order = columns.get(column)
        if isinstance(order, str) and order.strip() and isinstance(chat, list) and chat and chat[0].role != "system":
            return [Message("system", order), *chat]
        return chat

    return whole


def _earlier(columns: Mapping[str, Any], history: str | None) -> list[Message]:
    turns = columns.get(history) if history else None
    if is_null(turns) or not turns:
        return []
    pairs = [pair for pair in turns if _are_strings(pair)] if isinstance(turns, list) else []
    if looks_like_chat(turns):
        return as_chat(turns, str(history))
    if len(pairs) != len(turns):
        raise Refused("unreadable", f"{history} is not a list of pairs of question and answer")
    return [Message(role, text) for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=False)]


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
