"""Links between pages that keep what is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

_SHARED = ("preset", "no_sinks", "no_dense", "task", "strictness")
"""Parameters beside run and anchor that say what every page is about; the others are of single pages."""


def shared(run_id: str, anchor_id: str, params: Mapping[str, str]) -> dict[str, str]:
    """What holds on all pages. Run and anchor are always named: a default would change with the workspace."""
    return {"run": run_id, "anchor": anchor_id, **{name: params[name] for name in _SHARED if name in params}}


def link(page: str, keep: Mapping[str, str], **more: str) -> str:
    """A relative address of a page.

    >>> link("features", {"run": "a b"}, feature="3")
    'features?run=a+b&feature=3'
    """
    return f"{page}?{urlencode({**keep, **more})}"
