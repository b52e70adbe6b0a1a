"""Links between pages that keep what is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

SHARED = ("run", "anchor", "preset", "no_sinks", "no_dense", "task", "strictness")
"""Parameters that say what every page is about; the others are of single pages."""


def link(page: str, params: Mapping[str, str], **more: str) -> str:
    """A relative address of a page with the shared parameters of this one, and more.

    >>> link("features", {"run": "a b", "gq_words": "x"}, feature="3")
    'features?run=a+b&feature=3'
    """
    return f"{page}?{urlencode({**shared(params), **more})}"


def shared(params: Mapping[str, str]) -> dict[str, str]:
    """Of the parameters of a page those that hold on all pages."""
    return {name: params[name] for name in SHARED if name in params}
