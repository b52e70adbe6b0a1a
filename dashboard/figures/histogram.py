"""The distribution of a feature's non-zero activations."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.marks import vertical

_COLOUR = "#d97706"
"""Orange is activation strength, here as in the token heat."""


def activations(counts: Sequence[int], maximum: float, delta: float, *, log: bool = True) -> go.Figure:
    """Samples by activation, in equal bins of 0..maximum, with δ marked."""
    width = maximum / max(1, len(counts))
    figure = go.Figure(
        go.Bar(
            x=[(i + 0.5) * width for i in range(len(counts))],
            y=list(counts),
            width=width,
            marker={"color": _COLOUR},
            hovertemplate="%{y:,} samples at %{x:.2f}<extra></extra>",
        )
    )
    end = max(maximum, delta) * 1.02 or 1
    figure.update_layout(
        vertical(delta, f"δ {delta:.2f}", before=delta > 0.7 * end),
        height=220,
        bargap=0,
        margin={"l": 0, "r": 8, "t": 24, "b": 0},
    )
    figure.update_xaxes(title="activation", range=[0, end])
    figure.update_yaxes(title="samples", type="log" if log else "linear", dtick=1 if log else None)
    return figure


def rows(counts: Sequence[int], maximum: float) -> list[dict[str, float]]:
    """The same as a table: the bins that hold samples."""
    width = maximum / max(1, len(counts))
    bins = ((i * width, (i + 1) * width, n) for i, n in enumerate(counts) if n)
    return [{"from": round(low, 3), "to": round(high, 3), "samples": n} for low, high, n in bins]
