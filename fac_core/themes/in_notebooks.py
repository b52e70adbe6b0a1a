"""Themes and their texts as a notebook shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fac_core.html_table import table

if TYPE_CHECKING:
    from fac_core.themes.theme import Theme, ThemeText


def themes_as_html(themes: Sequence[Theme]) -> str:
    """A line a theme: how many samples it is about, with the interval, the shares, and a text.

    >>> themes_as_html(view.missing().themes).count("<tr>")
    2
    """
    rows = (
        (
            one.name,
            f"{one.deficit:+,.0f} ({one.deficit_low:+,.0f} to {one.deficit_high:+,.0f})",
            f"{one.anchor_share.value:.1%}",
            f"{one.data_share.value:.1%}",
            one.texts[0].excerpt() if one.texts else "",
        )
        for one in themes
    )
    return table(["theme", "samples short", "anchor", "data", "for example"], rows)


def texts_as_html(texts: Sequence[ThemeText]) -> str:
    """The texts of a theme, with how much each belongs to it."""
    return table(["belongs", "text"], [(f"{one.belonging:.2f}", one.excerpt()) for one in texts])
