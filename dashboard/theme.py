"""Words, symbols and colours of the coverage states: always a word and a shape, never colour alone."""

from __future__ import annotations

from dataclasses import dataclass


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
