"""Coverage by part: one bar a topic, covered and missing."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.theme_traces import plain
from dashboard.theme import STATES
from fac_core.coverage.curves import ClusterCoverage

_BAR = 26
"""Pixels a bar."""


def by_cluster(parts: Sequence[ClusterCoverage]) -> go.Figure:
    """Stacked bars, least covered on top; `y` of every bar is the cluster."""
    shown = list(reversed(parts))
    names = [name_of(part) for part in shown]
    figure = go.Figure(
        [
            go.Bar(
                name=STATES[state].word,
                orientation="h",
                y=names,
                x=values,
                customdata=[plain(name) for name in names],
                marker={"color": STATES[state].colour, "pattern": {"shape": pattern}},
                text=texts,
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{customdata}<br>%{x:,} features<extra>" + STATES[state].word + "</extra>",
            )
            for state, pattern, values, texts in (
                ("covered", "", [p.numerator for p in shown], None),
                (
                    "uncovered",
                    "/",
                    [p.denominator - p.numerator for p in shown],
                    [f"{p.fac:.0%} covered" for p in shown],
                ),
            )
        ]
    )
    figure.update_layout(
        barmode="stack",
        height=90 + _BAR * len(shown),
        margin={"l": 0, "r": 88, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(title="features")
    figure.update_yaxes(automargin=True, tickvals=names, ticktext=[plain(name) for name in names])
    return figure


def name_of(part: ClusterCoverage) -> str:
    """What a bar is called."""
    return "elsewhere" if part.cluster is None else str(part.cluster)
