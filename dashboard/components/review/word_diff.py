"""What an edit changed, word by word: struck out and underlined, so that it can be read without colour. Pure."""

from __future__ import annotations

import html
import re
from difflib import SequenceMatcher

_PIECE = re.compile(r"\s+|\w+|[^\w\s]")
_GONE = '<del style="background:rgba(204,74,107,.22);border-radius:3px">{}</del>'
_NEW = (
    '<ins style="background:rgba(59,125,216,.22);border-radius:3px;text-decoration:underline;'
    'text-decoration-thickness:2px">{}</ins>'
)


def word_diff(before: str, after: str) -> str:
    """HTML of `after` with the words of `before` that are gone. Both texts are untrusted."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    parts: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(_plain(old[a:b]))
            continue
        if b > a:
            parts.append(_GONE.format(_plain(old[a:b])))
        if d > c:
            parts.append(_NEW.format(_plain(new[c:d])))
    return f'<div dir="auto" style="line-height:1.9;overflow-wrap:anywhere">{"".join(parts)}</div>'


def _plain(pieces: list[str]) -> str:
    return html.escape("".join(pieces)).replace("\n", "↵ ")
