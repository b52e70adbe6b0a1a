"""The value of one column in one record: as text, as a chat, or refused with the reason that becomes a failure."""

from __future__ import annotations

from typing import Any, Literal

from fac_core.datasets.chats import Message, NotAChat, is_hh, parse_chat

Reason = Literal["empty", "duplicate", "missing_column", "unreadable"]
"""Why a record is not a sample, as `failures.parquet` names it."""
Columns = dict[str, Any]


class Refused(Exception):
    """One record does not follow the layout of its part."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


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
        case [{}, *_]:
            return True
        case _:
            return False


def is_null(value: Any) -> bool:
    """Null, or NaN: some writers store null so."""
    return value is None or (isinstance(value, float) and value != value)


def listed(columns: Columns) -> str:
    """The columns' names, for a message."""
    return ", ".join(map(str, columns)) or "none"
