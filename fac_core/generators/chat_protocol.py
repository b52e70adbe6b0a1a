"""The chat-completions protocol as values: a request's body, and a reply read without trust. No network here.

Servers differ in what they take. `OPTIONAL` can be left out where one refuses it: answers are then less guided, never wrong.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from fac_core.datasets.reading.records import storable
from fac_core.generators.estimate import tokens_of
from fac_core.generators.seam import Request, Usage
from fac_core.generators.thoughts import without_thoughts

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
    """A server's reply; None if it is not one. Where it counts no tokens, characters / 4 stand in.

    A reply that is an error, or whose choices are, has no choices, and the server's own words as its problem.
    """
    try:
        completion = _Completion.model_validate(json.loads(reply))
    except (ValidationError, ValueError, RecursionError):
        return None
    choices = [choice for choice in completion.choices if choice.error is None]
    said = [_before(without_thoughts(choice.message.words), request.stop) for choice in choices]
    texts = tuple(text for text in said if text.strip())
    empty = next((_why_empty(c) for c, text in zip(choices, said, strict=True) if not text.strip()), "")
    if not choices:
        wrong = completion.error or next((c.error for c in completion.choices), None) or completion.complaint()
        if wrong is None:
            return None
        empty = f"The server answered with an error: {_words(wrong)}"
    counted = completion.usage or _Usage()
    usage = Usage(
        counted.prompt_tokens or sum(tokens_of(message.content) for message in request.messages),
        sum(map(tokens_of, texts)) if counted.completion_tokens is None else counted.completion_tokens,
        n_paid=1,
    )
    return Reply(texts, len(choices), empty, usage)


_LEAST = 8
"""Characters of a key: what a shorter one becomes in base64 stands in other words too."""


def written_ways(key: str) -> re.Pattern[str]:
    """Finds a key as it is, and as JSON, addresses, HTML, hexadecimal and base64 (behind `Bearer ` or a name, too) write it.

    A server may repeat what it was sent in any of them. One that cuts it in pieces or encrypts it is not seen through.

    >>> written_ways("a/b+1").sub("…", r"a/b+1 a\\/b+1 a\\u002fb+1 a%2Fb%2b1")
    '… … … …'
    """
    raw = key.encode("utf-8", "surrogateescape")
    forms = {key}
    if len(key) >= _LEAST:
        forms.add(raw.hex())
        for before in range(3):  # bytes of what stands before it, modulo three; what shares a letter with those is left
            coded = base64.b64encode(bytes(before) + raw).decode()
            inside = coded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
            forms |= {inside, inside.translate(str.maketrans("+/", "-_"))}
    return re.compile("|".join("".join(map(_ways_of, form)) for form in sorted(forms, key=len, reverse=True)))


def _ways_of(character: str) -> str:
    """A pattern of one character, in JSON (also within JSON), addresses and HTML."""
    coded = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))
    ways = [
        r"\\{1,16}" if character == "\\" else rf"\\{{0,8}}+{re.escape(character)}", rf"\\{{1,8}}(?i:u{ord(character):04x})", f"(?i:{coded})",
        rf"&#(?:0{{0,5}}{ord(character)}|(?i:x0{{0,5}}{ord(character):x}));",
        *([re.escape(html.escape(character))] if html.escape(character) != character else []),
    ]  # fmt: skip
    return f"(?:{'|'.join(ways)})"


def _words(error: Any) -> str:
    """What an error says, in whichever shape a server has it."""
    if isinstance(error, dict):
        parts = [error.get(key) for key in ("message", "error", "detail", "code") if error.get(key)]
        return _words(parts[0]) if parts else json.dumps(error)
    return " ".join(str(error).split())


def _before(text: str, stop: Collection[str]) -> str:
    """The text up to the first stop: a server may know none, or leave it in."""
    return text[: min((at for mark in stop if (at := text.find(mark)) >= 0), default=len(text))]


class _Message(BaseModel):
    content: str | list[str | dict[str, Any]] | None = None
    refusal: str | None = None

    @property
    def words(self) -> str:
        """The content; of one in parts, those that are text."""
        if isinstance(self.content, list):
            parts = (one if isinstance(one, str) else one.get("text") for one in self.content)
            return storable("".join(part for part in parts if isinstance(part, str)))
        return storable(self.content or "")


class _Choice(BaseModel):
    message: _Message = _Message()
    finish_reason: str | None = None
    error: Any = None


def _count(value: Any) -> int | None:
    """A number of tokens, which servers write in many ways; None where there is none, or one that nobody could have read."""
    try:
        found = max(0, int(float(value)))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found < _MOST_TOKENS else None


_MOST_TOKENS = 10**9


_Tokens = Annotated[int | None, BeforeValidator(_count)]


class _Usage(BaseModel):
    prompt_tokens: _Tokens = None
    completion_tokens: _Tokens = None


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], BeforeValidator(lambda value: value or [])] = []
    usage: _Usage | None = None
    error: Any = None
    object: Any = None
    detail: Any = None
    message: Any = None

    def complaint(self) -> Any:
        """What says that something is wrong, of a reply that is no `{"error": ...}`."""
        return self.detail or (self.message if self.object == "error" or not self.object else None)


def _why_empty(choice: _Choice) -> str:
    if choice.message.refusal:
        return f"The model refused: {choice.message.refusal.strip()[:200]}"
    if choice.finish_reason == "content_filter":
        return "The server's content filter held the answer back."
    if choice.finish_reason == "length" or choice.message.words.strip():  # nothing but thoughts
        return "The answer was cut before its first word; allow more tokens (reasoning counts as well)."
    return "The answer was empty."
