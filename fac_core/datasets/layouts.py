"""How a record becomes a text or a chat: by the columns that the user names, or by the layouts that are common.

The layout of a part is settled once, from its first records; after that it is applied to every record, and a
record that does not follow it is refused with a reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fac_core.datasets.chats import Message, parse_chat
from fac_core.datasets.columns import (
    ANSWERED,
    ASKED,
    HISTORY,
    ORDERED,
    Columns,
    Refused,
    after_orders,
    as_chat,
    as_text,
    exchange,
    filled,
    is_chat,
    is_null,
    is_said,
    is_turns,
    listed,
    looks_like_chat,
    present,
    said,
)
from fac_core.datasets.reading.records import Record
from fac_core.errors import BadInput, WrongUse

Content = str | list[Message]
"""What a sample holds: a plain text, or a chat."""
Conversion = Callable[[Columns], Content]
"""A record's columns in, its content out; raises `Refused`."""

_TEMPLATE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}")
_ID = ("id", "_id", "uuid", "sample_id")
_LABEL = ("label", "labels")
_MESSAGES = ("messages",)
_CONVERSATIONS = ("conversations", "conversation", "dialog", "dialogue")
_TEXT = ("text", "content")
_ALONE = ("prompt", "instruction", "question", "query", "document", "passage", "sentence", "body")
"""Columns that are the text where nothing answers them."""


@dataclass(frozen=True)
class ColumnMapping:
    """How a record becomes a sample; what is left out is found automatically."""

    text: str | None = None
    """A column name, or a template such as `"{question}\\n{passage}"`."""
    messages: str | None = None
    """A column that holds a chat."""
    id: str | None = None
    """A column kept as metadata `id`."""
    label: str | None = None
    """A column kept as metadata `label`."""
    keep_duplicates: bool = False
    """Keep samples whose text or messages were there before."""
    limit: int | None = None
    """Take the first n samples only."""
    take: int | None = None
    """Of each set of a mixture (or of the dataset) at most n samples, drawn at random; fewer are among those of more."""

    def __post_init__(self) -> None:
        for name in ("limit", "take"):
            if (n := getattr(self, name)) is not None and n < 1:
                raise WrongUse(f"{name} is {n}; give 1 sample or more.")


AUTOMATIC = ColumnMapping()


@dataclass(frozen=True)
class Layout:
    """A settled way from a record's columns to a sample's content."""

    description: str
    """What a run says about it: `{question}`, `chat in messages, id in id`."""
    content: Conversion
    id: str | None
    """Column of the metadata `id`."""
    label: str | None
    """Column of the metadata `label`."""

    def metadata(self, columns: Columns) -> dict[str, Any]:
        """`id` and `label` of a record, as far as it has them."""
        kept = {"id": self.id, "label": self.label}
        return {key: columns[column] for key, column in kept.items() if column and not is_null(columns.get(column))}


def settle(mapping: ColumnMapping, head: Sequence[Record], place: str) -> Layout:
    """The layout of a part, from the mapping and its first records (at least one).

    Raises `BadInput` when a named column is in none of them, or when no layout is named and none fits.
    """
    if mapping.text is not None and mapping.messages is not None:
        raise WrongUse("Give --text or --messages, not both.")
    examples = _examples(head)
    text_columns = [] if mapping.text is None else _columns_of(mapping.text)
    named = [("text", column) for column in text_columns]
    named += [("messages", mapping.messages), ("id", mapping.id), ("label", mapping.label)]
    for flag, column in named:
        if column is not None and column not in examples:
            raise BadInput(
                f"{place}: there is no column {column!r} in {head[0].origin} or soon after;"
                f" there are {listed(examples)}. Name one of them with --{flag}."
            )
    if mapping.text is not None:
        is_column = text_columns == [mapping.text]
        found = (f"{{{mapping.text}}}", _text(mapping.text)) if is_column else (mapping.text, _template(mapping.text))
    elif mapping.messages is not None:
        found = f"chat in {mapping.messages}", _chat(mapping.messages)
    else:
        found = _detect(examples)
    if found is None:
        inside = next((column for column, value in examples.items() if looks_like_chat(value)), None)
        raise BadInput(
            f"{place}: nothing in {head[0].origin} looks like a text or a chat; its columns are {listed(examples)}."
            ' Say what to read: --text "{COLUMN}" or --messages COLUMN.'
            + (f" If {inside} holds the records themselves, save that list alone." if inside else "")
        )
    description, content = found
    kept = {"id": mapping.id or _first(_ID, examples), "label": mapping.label or _first(_LABEL, examples)}
    description += "".join(f", {key} in {column}" for key, column in kept.items() if column)
    return Layout(description, content, **kept)


def _detect(examples: Columns) -> tuple[str, Conversion] | None:
    """The first common layout that fits, with its description; `examples` has one value by column."""
    found = _detect_chat(examples)
    if found is None or not (column := _first(ORDERED, examples)) or not isinstance(examples[column], str):
        return found or _detect_text(examples)
    return f"{found[0]}, {column} as system", after_orders(found[1], column)


def _detect_chat(examples: Columns) -> tuple[str, Conversion] | None:
    chats = {column: value for column, value in examples.items() if looks_like_chat(value)}
    if column := _first(_MESSAGES, chats):
        return f"chat in {column}", _chat(column)
    conversation = _first(_CONVERSATIONS, {c: value for c, value in examples.items() if is_turns(value)})
    if chosen := _first(("chosen",), examples):
        before = conversation or _first(("prompt",), examples)
        return f"{chosen} answer" + (f" after {before}" if before else ""), _preference(before, chosen)
    if conversation:
        return f"chat in {conversation}", _chat(conversation)
    if _first(_TEXT, examples):
        return None
    answered = _first(ANSWERED, {column: value for column, value in examples.items() if is_said(value)})
    for asked in ASKED if answered else ():
        user = [column for name in asked if (column := _first((name,), examples))]
        if answered and len(user) == len(asked) and answered not in user:
            history = _first(HISTORY, examples)
            after = f" after {history}" if history else ""
            description = f"{' + '.join(user)} as user, {answered} as assistant{after}"
            return description, exchange(user, answered, history)
    return None


def _detect_text(examples: Columns) -> tuple[str, Conversion] | None:
    only = next((c for c, value in examples.items() if isinstance(value, str)), None) if len(examples) == 1 else None
    if column := _first((*_TEXT, *_ALONE), examples) or only:
        return f"{{{column}}}", _text_or_chat(column)
    return None


def _text(column: str) -> Conversion:
    return lambda columns: as_text(filled(columns, column), column)


def _chat(column: str) -> Conversion:
    return lambda columns: as_chat(filled(columns, column), column)


def _text_or_chat(column: str) -> Conversion:
    def content(columns: Columns) -> Content:
        value = filled(columns, column)
        return parse_chat(value) if is_chat(value) else as_text(value, column)

    return content


def _template(template: str) -> Conversion:
    def content(columns: Columns) -> Content:
        values: list[str] = []

        def fill(match: re.Match[str]) -> str:
            column = match[1]
            if column is None:
                return match[0][0]  # {{ and }} stand for the braces themselves
            if is_null(present(columns, column)):
                raise Refused("missing_column", f"{column} is null")
            values.append(as_text(columns[column], column))
            return values[-1]

        text = _TEMPLATE.sub(fill, template)
        return text if any(value.strip() for value in values) else ""

    return content


def _preference(before: str | None, chosen: str) -> Conversion:
    """The preferred conversation: `chosen` alone where it is whole, else what was said before and then `chosen`."""

    def content(columns: Columns) -> Content:
        answer = filled(columns, chosen)
        if before is None and isinstance(answer, str) and not looks_like_chat(answer):
            return answer
        messages = said(answer, "assistant", chosen)
        if before is None or (messages and messages[0].role != "assistant"):
            return messages
        return [*said(filled(columns, before), "user", before), *messages]

    return content


def _columns_of(text: str) -> list[str]:
    """The columns that a template names; a text without braces is one column's name itself."""
    return [match[1] for match in _TEMPLATE.finditer(text) if match[1]] or [text]


def _examples(head: Sequence[Record]) -> Columns:
    """Every column of the first records, with a value that is not null if there is one."""
    examples: Columns = {}
    for record in head:
        for column, value in record.columns.items():
            if is_null(examples.get(column)):
                examples[column] = value
    return examples


def _first(names: Sequence[str], columns: Columns) -> str | None:
    """The first of `names` among the columns, in whichever case, as the columns spell it; as it is here, if it is there so."""
    spelled: dict[str, str] = {}
    for column in columns:
        if column in names or column.strip().lower() not in spelled:
            spelled[column.strip().lower()] = column
    return next((spelled[name] for name in names if name in spelled), None)
