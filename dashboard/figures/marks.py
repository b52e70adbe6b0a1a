"""Marks that several figures have, as layout values: Plotly's own `add_vline` takes a tenth of a second."""

from __future__ import annotations

from typing import Any

LINE = "#868e99"
"""Seen on a light and on a dark background; Plotly's own black is not."""


def vertical(x: float, text: str, *, before: bool = False) -> dict[str, Any]:
    """Layout of a dotted vertical line with its name at the top, after the line or (near the right edge) before it."""
    look = {"dash": "dot", "color": LINE}
    line = {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": look}
    side = "right" if before else "left"
    name = {"x": x, "yref": "paper", "y": 1, "text": text, "showarrow": False, "xanchor": side, "yanchor": "bottom"}
    return {"shapes": [line], "annotations": [name]}
