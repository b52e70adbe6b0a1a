"""The shapes that training programs read: plain, classification, chat, alpaca, preference."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fac_core.errors import WrongUse
from fac_core.store.runs.info import metadata_of
from fac_core.synthesis.candidates import Candidate

Shape = Literal["plain", "classification", "chat", "alpaca", "preference"]
Turns = list[dict[str, str]]
"""Messages as `{"role": ..., "content": ...}`."""

_EXCHANGES = (("instruction", "response"), ("instruction", "output"), ("prompt", "response"), ("question", "answer"))
_PAIR = ("chosen", "rejected")


@dataclass(frozen=True)
class Item:
    """What is to be shaped: an accepted candidate, or a sample of the seed."""

    name: str
    """For messages: `candidate 1f…`, `sample 12 of the seed`."""
    text: str
    messages: Turns | None
    """None for what is no chat."""
    fields: Mapping[str, Any]
    """`label`, `prompt`, `chosen`, `rejected`, as far as there are any."""


def of_candidate(candidate: Candidate) -> Item:
    """A candidate, its exchange or chat as messages."""
    fields = candidate.fields
    messages: Turns | None = fields.get("messages")
    for asked, answered in _EXCHANGES:
        if messages is None and asked in fields and answered in fields:
            messages = _exchange(str(fields[asked]), str(fields[answered]))
    return Item(f"candidate {candidate.candidate_id}", candidate.text, messages, fields)


def of_sample(row: Mapping[str, Any]) -> Item:
    """A row of a run's table `samples`."""
    metadata = metadata_of(row["metadata"])
    messages = json.loads(row["messages"]) if row["messages"] else None
    return Item(f"sample {row['sample_id']} of the seed", row["text"], messages, metadata)


def shaped(item: Item, shape: Shape) -> dict[str, Any]:
    """The columns of the shape. Raises `WrongUse` if the item has not what it asks for."""
    if shape not in get_args(Shape):
        raise WrongUse(f"There is no shape {shape!r}; choose one of {', '.join(get_args(Shape))}.")
    columns = _SHAPES[shape](item)
    if columns is None:
        fits = [other for other in get_args(Shape) if _SHAPES[other](item) is not None]
        raise WrongUse(f"{item.name} cannot be put as {shape}: {_ASKS[shape]}. It can be put as {' or '.join(fits)}.")
    return columns


def first_fitting(items: list[Item]) -> Shape:
    """The shape to put items in where none is asked for: with labels if all have one, else the plainest.

    Raises `WrongUse` if none fits all.
    """
    shapes = [one for one in get_args(Shape) if items and all(_SHAPES[one](item) is not None for item in items)]
    if not shapes:
        raise WrongUse(
            "No shape fits all rows: texts and chats do not go into one dataset. "
            "Export batches of one shape, or leave the seed out."
        )
    return "classification" if "classification" in shapes else shapes[0]


def _plain(item: Item) -> dict[str, Any] | None:
    return {"text": item.text} if item.messages is None and not _has_pair(item) else None


def _classification(item: Item) -> dict[str, Any] | None:
    plain = _plain(item)
    return {**plain, "label": item.fields["label"]} if plain and item.fields.get("label") is not None else None


def _chat(item: Item) -> dict[str, Any] | None:
    return {"messages": item.messages} if item.messages else None


def _alpaca(item: Item) -> dict[str, Any] | None:
    turns = item.messages or []
    if [turn["role"] for turn in turns] != ["user", "assistant"]:
        return None
    return {"instruction": turns[0]["content"], "input": "", "output": turns[1]["content"]}


def _preference(item: Item) -> dict[str, Any] | None:
    if not _has_pair(item):
        return None
    asked = item.fields.get("prompt", item.fields.get("instruction", ""))
    return {"prompt": str(asked), **{name: str(item.fields[name]) for name in _PAIR}}


def _has_pair(item: Item) -> bool:
    return all(name in item.fields for name in _PAIR)


def _exchange(asked: str, answered: str) -> Turns:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


_SHAPES: dict[Shape, Callable[[Item], dict[str, Any] | None]] = {
    "plain": _plain,
    "classification": _classification,
    "chat": _chat,
    "alpaca": _alpaca,
    "preference": _preference,
}
_ASKS: dict[Shape, str] = {
    "plain": "it is a chat or a pair, and its roles would be lost",
    "classification": "it needs a text with a label",
    "chat": "it has no messages",
    "alpaca": "it needs one message of a user and one answer",
    "preference": "it needs a chosen and a rejected answer",
}
