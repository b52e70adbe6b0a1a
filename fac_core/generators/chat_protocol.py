"""The chat-completions protocol as values: a request's body, and a reply read without trust. No network here.

Servers differ in what they take. `OPTIONAL` can be left out where one refuses it: answers are then less guided, never wrong.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from fac_core.generators.estimate import tokens_of
from fac_core.generators.seam import Request, Usage

OPTIONAL = ("response_format", "n", "seed", "top_p", "temperature", "max_tokens", "stop")
"""In the order in which they are suspected. Without `max_tokens`, its newer name `max_completion_tokens` is used."""


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    texts: tuple[str, ...]
    """The choices that hold something."""
    n_choices: int
    problem: str
    """Why the first choice without text has none; empty if all have."""
    usage: Usage


def body(request: Request, model: str, refused: Collection[str], *, n: int, nth: int) -> dict[str, Any]:
    """The JSON of a request for n answers, of which `nth` are there already.

    Args:
        refused: optional fields that this server does not take.
    """
    optional = {
        "response_format": {"type": "json_object"} if request.json else None,
        "n": n if n > 1 else None,
        "seed": None if request.seed is None else request.seed + nth,
        "top_p": request.top_p,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "stop": list(request.stop) or None,
    }
    taken = {name: value for name, value in optional.items() if value is not None and name not in refused}
    if "max_tokens" in refused:
        taken["max_completion_tokens"] = request.max_tokens
    return {"model": model, "messages": [asdict(message) for message in request.messages], **taken}


def suspect(sent: Collection[str], named: str | None, message: str) -> str | None:
    """The optional field that a server means when it refuses a request; None if it can be none.

    Args:
        named: the field that the error names, if it does.
    """
    candidates = [field for field in OPTIONAL if field in sent]
    for field in candidates:
        if field == named or re.search(rf"\b{field}\b", message):
            return field
    return candidates[0] if candidates and candidates[0] in ("response_format", "n") else None


def read(reply: str, request: Request) -> Reply | None:
    """A server's reply; None if it is not one. Where it counts no tokens, characters / 4 stand in."""
    try:
        completion = _Completion.model_validate_json(reply)
    except ValidationError:
        return None
    texts = tuple(said for c in completion.choices if (said := _before(c.message.content or "", request.stop)).strip())
    empty = next((_why_empty(c) for c in completion.choices if not (c.message.content or "").strip()), "")
    counted = completion.usage or _Usage(
        prompt_tokens=sum(tokens_of(message.content) for message in request.messages),
        completion_tokens=sum(map(tokens_of, texts)),
    )
    usage = Usage(counted.prompt_tokens, counted.completion_tokens, n_paid=1)
    return Reply(texts, len(completion.choices), empty, usage)


def _before(text: str, stop: Collection[str]) -> str:
    """The text up to the first stop: a server may know none, or leave it in."""
    return text[: min((at for mark in stop if (at := text.find(mark)) >= 0), default=len(text))]


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def _why_empty(choice: _Choice) -> str:
    if choice.message.refusal:
        return f"The model refused: {choice.message.refusal.strip()[:200]}"
    if choice.finish_reason == "content_filter":
        return "The server's content filter held the answer back."
    if choice.finish_reason == "length":
        return "The answer was cut before its first word; allow more tokens (reasoning counts as well)."
    return "The answer was empty."
