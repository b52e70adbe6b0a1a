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
        completion = _Completion.model_validate(_document(reply))
    except (ValidationError, ValueError, RecursionError, AttributeError, TypeError):
        return None
    choices = [choice for choice in completion.choices if choice.error is None]
    said = [_answer(choice, request.stop) for choice in choices]
    texts = tuple(text for text in said if text.strip())
    empty = next((_why_empty(c) for c, text in zip(choices, said, strict=True) if not text.strip()), "")
    if not choices:
        wrong = completion.error or next((c.error for c in completion.choices), None) or completion.complaint()
        if wrong is None:
            return None
        empty = f"The server answered with an error: {words(wrong)}"
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


def shown(said: str) -> str:
    """What a server said; of a page in HTML, the words that one reads.

    >>> shown("<html><style>a {}</style><h1>Bad gateway</h1></html>")
    'Bad gateway'
    """
    if not re.match(r"\s*<(?:!doctype|html|head|body|h\d|center)\b", said, re.IGNORECASE):
        return said
    return " ".join(re.sub(r"(?is)<(script|style)\b.*?</\1>|<[^>]*>", " ", said[:20_000]).split())


def _document(reply: str) -> Any:
    """The JSON of a reply; of one that is streamed, although nobody asked for that, its pieces put together."""
    reply = reply.lstrip("\ufeff \t\r\n")
    if not re.match(r"data:|event:|:", reply):
        return json.JSONDecoder().raw_decode(reply)[0]  # the mark of a stream's end may stand behind it
    lines = [line.removeprefix("data:").strip() for line in reply.split("\n") if line.startswith("data:")]
    pieces = [json.loads(line) for line in lines if line not in ("", "[DONE]")]
    choices: dict[int, dict[str, Any]] = {}
    for choice in (choice for piece in pieces for choice in piece.get("choices") or ()):
        whole = choices.setdefault(choice.get("index") or 0, {"message": {}, "finish_reason": None})
        for key, value in (choice.get("delta") or choice.get("message") or {}).items():
            before = whole["message"].get(key)
            whole["message"][key] = (
                before + value if isinstance(before, str) and isinstance(value, str) else value or before
            )
        whole["finish_reason"] = choice.get("finish_reason") or whole["finish_reason"]
    if "[DONE]" not in lines and not all(one["finish_reason"] for one in choices.values()):
        return None  # it broke off
    kept = {key: value for piece in pieces for key, value in piece.items() if value and key != "choices"}
    return {**kept, "choices": list(choices.values())}


_END = r"<\|(?:im_end|eot_id|eom_id|end|end_of_text|endoftext|EOT)\|>|<end_of_turn>|<｜end▁of▁sentence｜>|</s>"
_BEGIN = r"<\|(?:im_start|start_header_id|start|user|assistant|system)\|>|<start_of_turn>|<s>|\[INST\]"
_TURN_IS_OVER = re.compile(rf"(?:{_END})\s*(?:\Z|(?={_END}|{_BEGIN}))")
"""Marks of a template that a server left in, and what a model wrote beyond them; not one that a text is about."""
_BROKEN_OFF = {
    "error",
    "network_error",
    "content_filter",
    "sensitive",
    "guardrail_intervened",
    "malformed_function_call",
}
"""Ways to finish that leave no answer, whatever was written until then."""


def _answer(choice: _Choice, stop: Collection[str]) -> str:
    """What a choice says, behind its thoughts and before its stop."""
    if choice.finish_reason in _BROKEN_OFF:
        return ""
    text = without_thoughts(choice.words).lstrip()
    over = _TURN_IS_OVER.search(text)
    if over and not (over[0].startswith("</s>") and "<s>" in text[: over.start()]):  # struck out, in HTML
        text = text[: over.start()].rstrip()
    return _before(text, stop)


def words(error: Any) -> str:
    """What an error says, in whichever shape a server has it."""
    if isinstance(error, list) and error:
        return words(error[0])
    if isinstance(error, dict):
        parts = [error.get(key) for key in ("message", "error", "detail", "msg", "code") if error.get(key)]
        return words(parts[0]) if parts else json.dumps(error)
    return " ".join(str(error).split())


def _before(text: str, stop: Collection[str]) -> str:
    """The text up to the first stop: a server may know none, or leave it in."""
    return text[: min((at for mark in stop if (at := text.find(mark)) >= 0), default=len(text))]


def _if(kind: type) -> BeforeValidator:
    """A field that is looked at only where it is of its kind: servers write many things into those that matter little."""
    return BeforeValidator(lambda value: value if isinstance(value, kind) else None)


_Text = Annotated[str | None, _if(str)]


class _Message(BaseModel):
    content: Any = None
    refusal: _Text = None
    reasoning: _Text = None
    reasoning_content: _Text = None
    tool_calls: Any = None

    @property
    def words(self) -> str:
        """The content; of one in parts, those that are text; of an object, which JSON was asked for as, the JSON."""
        parts = self.content if isinstance(self.content, list) else [self.content]
        said = [part.get("text") if isinstance(part, dict) and set(part) & {"type", "text"} else part for part in parts]
        return storable(
            "".join(
                json.dumps(one) if isinstance(one, dict) else one or "" for one in said if isinstance(one, dict | str)
            )
        )


class _Choice(BaseModel):
    message: Annotated[_Message | None, _if(dict)] = None
    text: _Text = None
    """Where an older protocol has the words."""
    finish_reason: _Text = None
    error: Any = None

    @property
    def words(self) -> str:
        return (self.message.words if self.message else "") or storable(self.text or "")


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
    usage: Annotated[_Usage | None, _if(dict)] = None
    error: Any = None
    errors: Any = None
    object: Any = None
    detail: Any = None
    msg: _Text = None
    message: _Text = None

    def complaint(self) -> Any:
        """What says that something is wrong, of a reply that is no `{"error": ...}`."""
        return (
            self.detail
            or self.errors
            or self.msg
            or (self.message if self.object == "error" or not self.object else None)
        )


def _why_empty(choice: _Choice) -> str:
    message = choice.message or _Message()
    if message.refusal:
        return f"The model refused: {message.refusal.strip()[:200]}"
    if choice.finish_reason == "content_filter":
        return "The server's content filter held the answer back."
    if choice.finish_reason in _BROKEN_OFF:
        return f"The server broke the answer off, for the reason {choice.finish_reason!r}."
    if message.tool_calls:
        return "The model called a tool, which it was not given. Choose another, or switch tools off at the server."
    if choice.finish_reason == "length" or choice.words.strip():  # nothing but thoughts
        return "The answer was cut before its first word; allow more tokens (reasoning counts as well)."
    if message.reasoning or message.reasoning_content:
        return "The server sent thoughts and no answer. Allow more tokens, or switch its reasoning off."
    return "The answer was empty."
