"""Datasets side by side: the coverage matrix, the overlap of two, the greedy subset. Pure: results in, figures out."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.feature_map import plain
from dashboard.theme import STATES
from fac_core.coverage.curves import GrowthPoint
from fac_core.coverage.matrix import CoverageMatrix
from fac_core.coverage.overlap import Overlap
from fac_core.coverage.subset import Subset

_SCALE = [[0.0, "#f3e9da"], [1.0, "#1f5fbf"]]
"""Light to dark, so that it reads in grey too; each cell has its number besides."""
_CELL = 64
"""Pixels."""
_NAME = 14
"""Characters of a run's name on an axis; all of it is in the tooltip and the table."""
_PARTS = {"both": ("", "covered"), "only A": ("/", "weak"), "only B": ("\\", "uncovered"), "neither": (".", "excluded")}
"""Pattern and colour of each part."""


def matrix(found: CoverageMatrix) -> go.Figure:
    """Heatmap of FAC, rows covering columns; the number stands in each cell."""
    names = [_short(name) for name in found.names]
    full = [plain(name) for name in found.names]
    places = list(range(len(names)))
    figure = go.Figure(
        go.Heatmap(
            x=places,
            y=places,
            z=found.fac,
            zmin=0,
            zmax=1,
            colorscale=_SCALE,
            texttemplate="%{z:.1%}",
            customdata=[[(row, column) for column in full] for row in full],
            hovertemplate="%{customdata[0]} covers %{z:.1%} of %{customdata[1]}<extra></extra>",
            colorbar={"tickformat": ".0%", "thickness": 12},
            xgap=2,
            ygap=2,
        )
    )
    ticks = {"tickvals": places, "ticktext": names}
    figure.update_xaxes(title="of what occurs in", side="top", automargin=True, **ticks)
    figure.update_yaxes(title="covers", autorange="reversed", automargin=True, **ticks)
    figure.update_layout(height=150 + _CELL * len(names), margin={"l": 0, "r": 8, "t": 8, "b": 0})
    return figure


def overlap(found: Overlap) -> go.Figure:
    """One stacked bar: both, only A, only B, neither; with the interval of each count."""
    parts = {"both": found.both, "only A": found.only_a, "only B": found.only_b, "neither": found.neither}
    names = {"only A": f"only {found.run_a}", "only B": f"only {found.run_b}"}
    figure = go.Figure(
        [
            go.Bar(
                name=_short(names.get(key, key), 24),
                orientation="h",
                y=[""],
                x=[part.n],
                text=[f"{part.n:,}"],
                textposition="inside",
                textangle=0,
                customdata=[(part.low, part.high)],
                marker={"color": STATES[_PARTS[key][1]].colour, "pattern": {"shape": _PARTS[key][0]}},
                hovertemplate="%{x:,} features (%{customdata[0]:,} to %{customdata[1]:,})<extra>"
                + plain(names.get(key, key))
                + "</extra>",
            )
            for key, part in parts.items()
        ]
    )
    figure.update_layout(
        barmode="stack",
        height=170,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.1, "yanchor": "bottom", "traceorder": "normal"},
    )
    figure.update_xaxes(title="features that occur in the anchor")
    return figure


def subset(found: Subset, random: Sequence[GrowthPoint]) -> go.Figure:
    """FAC against samples, chosen greedily and in random order. Lines differ by dash as well as by colour."""
    shown = range(0, len(found.fac), max(1, len(found.fac) // 400))
    points = [(0, 0.0), *((i + 1, found.fac[i]) for i in shown)]
    if found.fac:
        points.append((len(found.fac), found.fac[-1]))
    figure = go.Figure(
        [
            go.Scatter(
                x=[n for n, _ in points],
                y=[fac for _, fac in points],
                mode="lines",
                name="chosen",
                line={"color": STATES["covered"].colour, "width": 2.5},
                hovertemplate="%{x:,} chosen samples<br>FAC %{y:.1%}<extra></extra>",
            ),
            go.Scatter(
                x=[p.n_samples for p in random],
                y=[p.mean for p in random],
                mode="lines",
                name="in random order",
                line={"color": STATES["weak"].colour, "width": 2.5, "dash": "dash"},
                hovertemplate="%{x:,} random samples<br>FAC %{y:.1%}<extra></extra>",
            ),
        ]
    )
    figure.update_layout(
        height=320,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="samples", rangemode="tozero")
    figure.update_yaxes(title="FAC", tickformat=".0%", range=[0, 1.02])
    return figure


def _short(name: str, limit: int = _NAME) -> str:
    return plain(name if len(name) <= limit else name[: limit - 1] + "…")
