"""Themes for pictures: what tests say of one, and the rest filled in."""

from __future__ import annotations

from fac_core.themes.answer import Missing
from fac_core.themes.theme import Share, Theme, ThemeText


def a_theme(name: str, features: tuple[int, ...], in_anchor: int = 40, in_data: int = 0, text: str = "a text") -> Theme:
    """Of 100 texts on both sides."""
    ours, theirs = Share.counted(in_anchor, 100), Share.counted(in_data, 100)
    deficit = float(in_anchor - in_data)
    texts = (ThemeText(0, text, 1.0),)
    return Theme(
        name,
        "words",
        tuple(name.split(", ")),
        features,
        texts,
        (),
        ours,
        theirs,
        deficit,
        deficit - 8,
        deficit + 8,
        5.0,
        0.001,
        (),
    )


def an_answer(*themes: Theme, surplus: tuple[Theme, ...] = ()) -> Missing:
    return Missing("seed", "anchor", 100, themes, surplus, {})
