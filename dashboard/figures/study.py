"""Training sets as points, a metric against the score of what learned from them; methods side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import pyarrow as pa

from dashboard.figures.feature_map import plain
from dashboard.figures.marks import vertical
from fac_core.report.charts import COLOURS

_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star")


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
                name=plain(kind),
                marker={
                    "size": 8,
                    "symbol": _SYMBOLS[number // len(COLOURS) % len(_SYMBOLS)],
                    "color": COLOURS[number % len(COLOURS)],
                },
                hovertemplate="%{x:.3f}, %{y:.3f}<extra>" + plain(kind) + "</extra>",
            )
        )
    # Below the points: beside them it would take half of a phone.
    legend = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"}
    figure.update_layout(height=560, margin={"l": 0, "r": 8, "t": 8, "b": 0}, legend=legend)
    figure.update_xaxes(title=plain(metric))
    figure.update_yaxes(title=plain(score))
    return figure


def methods(rows: Sequence[Mapping[str, Any]], title: str) -> go.Figure:
    """One line a method: by how much its score differs, with the interval.

    Args:
        rows: `added`, `difference`, `from`, `to`.
    """
    figure = go.Figure(
        go.Scatter(
            x=[row["difference"] for row in rows],
            y=[plain(row["added"]) for row in rows],
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [row["to"] - row["difference"] for row in rows],
                "arrayminus": [row["difference"] - row["from"] for row in rows],
            },
            mode="markers",
            marker={"size": 9, "color": COLOURS[0]},
            hovertemplate="%{x:+.3f}<extra>%{y}</extra>",
        )
    )
    figure.update_layout(
        vertical(0, "no difference"), height=90 + 32 * len(rows), margin={"l": 0, "r": 8, "t": 24, "b": 0}
    )
    figure.update_xaxes(title=plain(title))
    figure.update_yaxes(autorange="reversed", automargin=True)
    return figure
