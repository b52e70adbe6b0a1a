"""Yes, Probably, Maybe, No: the one scale on which judges and verifiers answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

Level = Literal["yes", "probably", "maybe", "no"]


def level_of(answer: Mapping[str, Any] | None) -> Level | None:
    """The verdict in a language model's JSON answer; None if it has none.

    >>> level_of({"verdict": "[Probably]."})
    'probably'
    """
    said = str((answer or {}).get("verdict", "")).strip(" .[]").lower()
    return next((level for level in get_args(Level) if level == said), None)
