"""The JSON object in a model's answer, which may stand in a fence, in prose, or be written carelessly."""

from __future__ import annotations

import json
import re
from typing import Any

_THOUGHT = re.compile(r"<think>.*?</think>", re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
"""A string, which stays as it is, or a comma before a closing bracket."""


def json_object(answer: str) -> dict[str, Any] | None:
    """The first JSON object of an answer, or None. Line breaks in strings and trailing commas are forgiven.

    >>> json_object('Sure! ```json\\n{"label": "courts", }\\n```')
    {'label': 'courts'}
    >>> json_object("I cannot tell.") is None
    True
    """
    text = _THOUGHT.sub("", answer)
    start = text.find("{")
    while start >= 0:
        for candidate in (text[start:], _TRAILING_COMMA.sub(r"\1", text[start:])):
            try:
                return _DECODER.raw_decode(candidate)[0]
            except (json.JSONDecodeError, RecursionError):
                continue
        start = text.find("{", start + 1)
    return None


_DECODER = json.JSONDecoder(strict=False)
"""Not strict: models write line breaks into strings."""
