"""FAC as a function: of δ, of the number of samples."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.marks import vertical
from dashboard.theme import STATES
from fac_core.coverage.curves import GrowthPoint, ThresholdPoint

_COLOUR = STATES["covered"].colour
_BAND = "rgba(59, 125, 216, 0.18)"
_HEIGHT = 320


def threshold(points: Sequence[ThresholdPoint], delta: float | None) -> go.Figure:
    """FAC against δ; the chosen global δ is marked, unless thresholds are per feature (None)."""
    figure = go.Figure(
        go.Scatter(
            x=[p.delta for p in points],
            y=[p.fac for p in points],
            customdata=[(p.numerator, p.denominator) for p in points],
            mode="lines",
            line={"color": _COLOUR, "width": 2.5},
            hovertemplate="δ %{x:.2f}<br>FAC %{y:.1%}<br>%{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
        )
    )
    if delta is not None:
        figure.update_layout(vertical(delta, f"δ = {delta:g}"))
    return _framed(figure, "threshold δ")


def growth(points: Sequence[GrowthPoint]) -> go.Figure:
    """FAC against the number of samples, with the band over random orders."""
    x = [p.n_samples for p in points]
    figure = go.Figure(
        [
            go.Scatter(
                x=[*x, *reversed(x)],
                y=[*(p.high for p in points), *(p.low for p in reversed(points))],
                fill="toself",
                fillcolor=_BAND,
                line={"width": 0},
                hoverinfo="skip",
            ),
            go.Scatter(
                x=x,
                y=[p.mean for p in points],
                mode="lines",
                line={"color": _COLOUR, "width": 2.5},
                hovertemplate="%{x:,} samples<br>FAC %{y:.1%}<extra></extra>",
            ),
        ]
    )
    return _framed(figure, "samples, in random order")


def _framed(figure: go.Figure, x_title: str) -> go.Figure:
    figure.update_layout(showlegend=False, height=_HEIGHT, margin={"l": 0, "r": 8, "t": 24, "b": 0})
    figure.update_xaxes(title=x_title, rangemode="tozero")
    figure.update_yaxes(title="FAC", tickformat=".0%", range=[0, 1.02])
    return figure
