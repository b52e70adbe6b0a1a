"""Words, symbols and colours of the coverage states: always a word and a shape, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Look:
    """How a coverage state, a decision or a check is shown."""

    word: str
    icon: str
    """Material symbol."""
    badge: str
    """Streamlit badge colour."""
    meaning: str = ""
    symbol: str = ""
    """Plotly marker."""
    colour: str = ""
    """Of a figure; legible on a light and on a dark background (contrast over 3:1 on both)."""


STATES = {
    "covered": Look("Covered", "check_circle", "blue", "fires in your data", "circle", "#3b7dd8"),
    "weak": Look(
        "Weak", "contrast", "orange", "fires, but too weakly or too rarely to count", "diamond-open", "#c27c0e"
    ),
    "uncovered": Look("Uncovered", "cancel", "red", "fires in the anchor, never in your data", "x-open", "#cc4a6b"),
    "excluded": Look(
        "Excluded", "block", "gray", "does not occur in the anchor, or is left out", "circle-open-dot", "#868e99"
    ),
}
SHAPES = {"circle": "●", "diamond-open": "◇", "x-open": "✕", "circle-open-dot": "◉"}
"""Plotly markers, as letters of a legend."""
GAPS = ("weak", "uncovered")
"""The states of a missing feature."""

DECISIONS = {
    "pending": Look("Pending", "schedule", "gray"),
    "accepted": Look("Accepted", "check", "green"),
    "rejected": Look("Rejected", "close", "red"),
    "skipped": Look("Skipped", "redo", "gray"),
    "needs second review": Look("Needs second review", "group", "orange"),
    "reviewers differ": Look("Reviewers differ", "call_split", "orange"),
}

CHECKS = {
    "passes": Look("passes", "bolt", "green"),
    "does not fire": Look("does not fire", "flash_off", "red"),
    "duplicate": Look("duplicate", "content_copy", "orange"),
    "copy": Look("copy", "content_copy", "red"),
    "not fluent": Look("not fluent", "sentiment_dissatisfied", "orange"),
    "wrong label": Look("wrong label", "label_off", "orange"),
    "malformed": Look("malformed", "broken_image", "red"),
    "failed": Look("failed", "error", "red"),
    "not measured": Look("not measured", "hourglass_empty", "violet"),
}

_BELONGS = "1 is what the weakest of the anchor's texts of this theme fire of its features"
BELONGS = {
    True: Look("of its theme", "donut_large", "green", _BELONGS),
    False: Look("not of its theme", "donut_large", "orange", _BELONGS),
}
"""Whether a text is of the theme that it was written for, or else of that of its target; one that is not may be accepted all the same."""


def badge(look: Look, words: str = "") -> None:
    """Draw a state, a decision or a check; its own word without others."""
    icon, meaning = f":material/{look.icon}:", look.meaning or None
    st.badge(words or look.word, icon=icon, color=look.badge, help=meaning)  # type: ignore[arg-type]
