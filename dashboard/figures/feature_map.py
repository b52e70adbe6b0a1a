"""The map: every feature of the space, its coverage state by shape and colour."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from dashboard.theme import STATES

_HEIGHT = 640
_BEHIND_NAMES = "rgba(127, 127, 127, 0.35)"
"""Keeps names legible over points, on light and dark pages."""
_NAMED = 14
"""Largest clusters that are named on the map: more would hide it."""


def feature_map(table: pa.Table, highlighted: Collection[int] | None = None) -> go.Figure:
    """One WebGL trace a state; `customdata` is the feature id, and no text goes with a point (65,536 stay light).

    Args:
        table: `feature_id`, `x`, `y`, `state`, `cluster`.
        highlighted: features that a search found; the others are greyed out. None: no search.
    """
    ids, states = table["feature_id"].to_numpy(), np.array(table["state"].to_pylist())
    x, y = table["x"].to_numpy().astype(np.float32), table["y"].to_numpy().astype(np.float32)
    found = (
        np.ones(len(ids), bool) if highlighted is None else np.isin(ids, np.array(sorted(highlighted), dtype=np.int64))
    )
    figure = go.Figure()
    for state, look in STATES.items():
        here = states == state
        figure.add_trace(
            go.Scattergl(
                x=x[here],
                y=y[here],
                customdata=ids[here],
                mode="markers",
                name=look.word,
                marker={
                    "symbol": look.symbol,
                    "color": look.colour,
                    "size": 6,
                    "opacity": np.where(found[here], 0.85, 0.06) if highlighted is not None else 0.75,
                },
                hovertemplate="feature %{customdata}<extra>" + look.word + "</extra>",
            )
        )
    for name, at_x, at_y in _names(table["cluster"].to_pylist(), x, y):
        figure.add_annotation(
            x=at_x, y=at_y, text=plain(name), showarrow=False, bgcolor=_BEHIND_NAMES, font={"size": 11}
        )
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom"},
        dragmode="lasso",
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def _names(clusters: list[str], x: np.ndarray, y: np.ndarray) -> list[tuple[str, float, float]]:
    """The largest clusters, each at the median of its features."""
    labels, sizes = np.unique(np.array(clusters, dtype=str), return_counts=True)
    largest = labels[np.argsort(-sizes, kind="stable")[:_NAMED]]
    members = [np.array(clusters) == name for name in largest]
    return [(str(n), float(np.median(x[m])), float(np.median(y[m]))) for n, m in zip(largest, members, strict=True)]


def plain(text: str) -> str:
    """Plotly reads a little HTML in annotations: words of samples must not act as such."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
