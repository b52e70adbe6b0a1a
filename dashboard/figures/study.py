"""Training sets as points: a metric of each against the score of what learned from it."""

from __future__ import annotations

import plotly.graph_objects as go
import pyarrow as pa

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")
_COLOURS = ("#3b7dd8", "#c27c0e", "#cc4a6b", "#2f8f6b", "#7a5cc4")


def sets(table: pa.Table, metric: str, score: str) -> go.Figure:
    """One trace a kind, told apart by symbol and colour; bars reach over the training seeds.

    Args:
        table: `kind`, `set_id`, `score`, `score low seed`, `score high seed`, and the metric's column.
        score: what the score is called.
    """
    figure = go.Figure()
    rows = table.to_pylist()
    for number, kind in enumerate(dict.fromkeys(row["kind"] for row in rows)):
        mine = [row for row in rows if row["kind"] == kind]
        figure.add_trace(
            go.Scatter(
                x=[row[metric] for row in mine],
                y=[row["score"] for row in mine],
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [row["score high seed"] - row["score"] for row in mine],
                    "arrayminus": [row["score"] - row["score low seed"] for row in mine],
                    "thickness": 1,
                    "width": 0,
                },
                mode="markers",
                name=kind,
                marker={
                    "size": 8,
                    "symbol": _SYMBOLS[number // len(_COLOURS) % len(_SYMBOLS)],
                    "color": _COLOURS[number % len(_COLOURS)],
                },
                hovertemplate="%{x:.3f}, %{y:.3f}<extra>" + kind + "</extra>",
            )
        )
    figure.update_layout(height=460, margin={"l": 0, "r": 8, "t": 8, "b": 0})
    figure.update_xaxes(title=metric)
    figure.update_yaxes(title=score)
    return figure
