"""Words, symbols and colours of the coverage states: always a word and a shape, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Look:
    """How a coverage state is shown."""

    word: str
    symbol: str
    """Plotly marker."""
    colour: str
    """Legible on a light and on a dark background (contrast over 3:1 on both)."""
    badge: str
    """Streamlit badge colour."""
    icon: str
    meaning: str


STATES = {
    "covered": Look("Covered", "circle", "#3b7dd8", "blue", ":material/check_circle:", "fires in your data"),
    "weak": Look(
        "Weak",
        "diamond-open",
        "#c27c0e",
        "orange",
        ":material/contrast:",
        "fires, but too weakly or too rarely to count",
    ),
    "uncovered": Look(
        "Uncovered", "x-open", "#cc4a6b", "red", ":material/cancel:", "fires in the anchor, never in your data"
    ),
    "excluded": Look(
        "Excluded",
        "circle-open-dot",
        "#868e99",
        "gray",
        ":material/block:",
        "does not occur in the anchor, or is left out",
    ),
}


GAPS = ("weak", "uncovered")
"""The states of a missing feature."""


@dataclass(frozen=True)
class Badge:
    """How a decision or a check is shown."""

    word: str
    icon: str
    badge: str
    """Streamlit badge colour."""


def badge(look: Look | Badge, words: str = "", *, says: bool = True) -> None:
    """Draw a state or a decision; its own word without others.

    Args:
        says: what it means, when it is hovered over.
    """
    meaning = look.meaning if isinstance(look, Look) and says else None
    st.badge(words or look.word, icon=look.icon, color=look.badge, help=meaning)  # type: ignore[arg-type]


DECISIONS = {
    "pending": Badge("Pending", ":material/schedule:", "gray"),
    "accepted": Badge("Accepted", ":material/check:", "green"),
    "rejected": Badge("Rejected", ":material/close:", "red"),
    "skipped": Badge("Skipped", ":material/redo:", "gray"),
    "needs second review": Badge("Needs second review", ":material/group:", "orange"),
    "reviewers differ": Badge("Reviewers differ", ":material/call_split:", "orange"),
}

CHECKS = {
    "passes": Badge("passes", ":material/bolt:", "green"),
    "does not fire": Badge("does not fire", ":material/flash_off:", "red"),
    "duplicate": Badge("duplicate", ":material/content_copy:", "orange"),
    "copy": Badge("copy", ":material/content_copy:", "red"),
    "not fluent": Badge("not fluent", ":material/sentiment_dissatisfied:", "orange"),
    "wrong label": Badge("wrong label", ":material/label_off:", "orange"),
    "malformed": Badge("malformed", ":material/broken_image:", "red"),
    "failed": Badge("failed", ":material/error:", "red"),
    "not measured": Badge("not measured", ":material/hourglass_empty:", "violet"),
}
