"""The JSON object in a model's answer, which may stand in a fence, in prose, or be written carelessly."""

from __future__ import annotations

import json
import re
from itertools import islice
from typing import Any

from fac_core.generators.thoughts import without_thoughts

_INNER_QUOTE = re.compile(r'"(?!\s*[,:}\]])')
"""Within a string, a quotation mark that ends nothing."""
_LONGEST = 100_000
"""Characters of an answer that are looked at: nothing that is asked for takes as many, and ten times as many take seconds."""
_MOST_TRIES = 20
"""Opening brackets that an object is looked for at: what is one comes early, and an answer of brackets takes no time."""
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
"""A string, which stays as it is, or a comma before a closing bracket."""

_DECODER = json.JSONDecoder(strict=False)
"""Not strict: models write line breaks into strings."""


def json_object(answer: str) -> dict[str, Any] | None:
    """The first JSON object of an answer, or None.

    Line breaks and quotation marks in strings, and trailing commas, are forgiven.

    >>> json_object('Sure! ```json\\n{"label": "courts", }\\n```')
    {'label': 'courts'}
    >>> json_object("I cannot tell.") is None
    True
    """
    text = without_thoughts(answer)[:_LONGEST]
    for start in islice((match.start() for match in re.finditer("{", text)), _MOST_TRIES):
        whole = text[start:]
        for candidate in (whole, _TRAILING_COMMA.sub(r"\1", whole), _TRAILING_COMMA.sub(r"\1", _escaped(whole))):
            try:
                return _DECODER.raw_decode(candidate)[0]
            except (ValueError, RecursionError):  # also an integer of thousands of digits
                continue
    return None


def _escaped(text: str) -> str:
    """With a backslash before quotation marks within strings: one ends a string only before `,`, `:`, `}` or `]`."""
    parts: list[str] = []
    position = 0
    while (opening := text.find('"', position)) >= 0:
        end = opening + 1
        while (end := text.find('"', end)) >= 0 and (text[end - 1] == "\\" or _INNER_QUOTE.match(text, end)):
            end += 1
        if end < 0:
            break
        inner = re.sub(r'(?<!\\)"', r'\\"', text[opening + 1 : end])
        parts.append(f'{text[position:opening]}"{inner}"')
        position = end + 1
    return "".join(parts) + text[position:]
