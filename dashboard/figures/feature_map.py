"""The map: every feature of the space, its coverage state by shape, and by colour its theme, the state or a number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from dashboard.figures.theme_traces import Named, plain, theme_traces
from dashboard.theme import GAPS, STATES
from fac_core.themes.answer import Missing

MOST_POINTS = 150_000
"""A browser draws so many with ease; of larger spaces a part is shown (`thinned`)."""

_HEIGHT = 640
_GREY = "rgba(134, 142, 153, 0.25)"
_NAMED = 14
"""Themes, or largest clusters, that are named on the map: more would hide it."""
_APART = (0.16, 0.04)
"""Names nearer than this, in parts of the map's width and height, would lie on each other."""


@dataclass(frozen=True)
class Metric:
    """A number that points are coloured by."""

    column: str
    title: str
    """In words, beside the scale."""
    is_logarithmic: bool = False


BY_THEME, BY_STATE = "theme", "state"
METRICS = {
    "density": Metric("anchor_share", "density in the anchor, log10", is_logarithmic=True),
    "max": Metric("anchor_max", "strongest in the anchor"),
    "trust": Metric("trust", "trust: F1 of the label"),
    "priority": Metric("priority", "priority as a gap"),
}
"""Name -> column and words."""
COLOURS = (BY_THEME, BY_STATE, *METRICS)
"""What points can be coloured by."""


def feature_map(
    table: pa.Table,
    highlighted: np.ndarray | None = None,
    by: str = BY_STATE,
    missing: Missing | None = None,
) -> go.Figure:
    """One WebGL trace a state, or a theme; `customdata` is the feature id, and no text goes with a point (65,536 stay light).

    Args:
        table: `feature_id`, `x`, `y`, `state`, `cluster`, and the metric's column, null where there is no value.
        highlighted: bool `[features]`: what a search found; the others are greyed out. None: no search.
        by: one of `COLOURS`; points without a theme or a value are greyed out.
        missing: its themes are named on the map; without any, the largest clusters are.
    """
    states = table["state"].to_numpy()
    drawn = np.ones(len(table), bool) if highlighted is None else highlighted.copy()
    themes = theme_traces(table, drawn, missing) if missing is not None else None
    metric, colours = METRICS.get(by), None
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom"}
    if metric is not None:
        colours = _values(table, metric)
        drawn &= np.isfinite(colours)
    figure = go.Figure()
    if by == BY_THEME and themes is not None:
        drawn[:] = False
        figure.add_trace(_points(table, ~themes.drawn, "Others", "circle", _GREY, skip_hover=True))
        figure.data[0].showlegend = False  # what is not in the legend stays when a theme is looked at alone
        figure.add_traces(themes.traces)
        legend |= {"itemclick": "toggleothers", "itemdoubleclick": "toggle"}
    else:
        if not drawn.all():
            figure.add_trace(_points(table, ~drawn, "Others", "circle", _GREY, skip_hover=True))
        for state, look in STATES.items():
            here = drawn & (states == state)
            colour = look.colour if colours is None else colours[here]
            figure.add_trace(_points(table, here, look.word, look.symbol, colour))
    for name, at_x, at_y, colour in _apart(table, themes.names if themes and themes.names else _clusters(table)):
        figure.add_annotation(
            x=at_x,
            y=at_y,
            text=plain(name),
            showarrow=False,
            bgcolor="rgba(255, 255, 255, 0.8)",  # with dark letters, legible over points on light and dark pages
            bordercolor=colour or None,
            borderwidth=2 if colour else 0,
            font={"size": 11, "color": "#1f2937"},
        )
    if metric is not None:
        figure.update_layout(coloraxis={"colorscale": "Cividis", "colorbar": {"title": metric.title, "thickness": 12}})
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend=legend,
        dragmode="lasso",
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return figure


def thinned(table: pa.Table, most: int = MOST_POINTS) -> pa.Table:
    """At most so many features, drawn evenly and always the same; gaps go first, since they are what is looked for."""
    if len(table) <= most:
        return table
    is_gap = np.isin(table["state"].to_numpy(), GAPS)
    order = np.lexsort((np.random.default_rng(0).random(len(table)), ~is_gap))
    return table.take(pa.array(np.sort(order[:most])))


def _points(
    table: pa.Table, here: np.ndarray, name: str, symbol: str, colour: str | np.ndarray, *, skip_hover: bool = False
) -> go.Scattergl:
    marker = {"symbol": symbol, "size": 6, "opacity": 0.75, "color": colour}
    if not isinstance(colour, str):
        marker["coloraxis"] = "coloraxis"
    ids = table["feature_id"].to_numpy()[here]
    hover = "feature %{customdata}" + ("" if isinstance(colour, str) else "<br>%{marker.color:.3f}")
    return go.Scattergl(
        x=table["x"].to_numpy()[here].astype(np.float32),
        y=table["y"].to_numpy()[here].astype(np.float32),
        customdata=ids if len(table) > 1 << 16 else ids.astype(np.uint16),
        mode="markers",
        name=name,
        marker=marker,
        hoverinfo="skip" if skip_hover else None,
        hovertemplate=None if skip_hover else f"{hover}<extra>{name}</extra>",
    )


def _values(table: pa.Table, metric: Metric) -> np.ndarray:
    """float32 `[features]`; NaN without a value, and for the logarithm of nothing."""
    values = table[metric.column].to_numpy().astype(np.float32)
    if not metric.is_logarithmic:
        return values
    with np.errstate(divide="ignore"):
        logarithms = np.log10(values)
    return np.where(np.isfinite(logarithms), logarithms, np.nan).astype(np.float32)


def _clusters(table: pa.Table) -> list[Named]:
    """The largest clusters, each at the median of its features."""
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    clusters = table["cluster"].combine_chunks().dictionary_encode()
    codes, names = clusters.indices.to_numpy(), clusters.dictionary.to_pylist()
    largest = np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable")[: 4 * _NAMED]
    places = ((names[c], float(np.median(x[codes == c])), float(np.median(y[codes == c])), "") for c in largest)
    return [place for place in places if place[0]]


def _apart(table: pa.Table, names: list[Named]) -> list[Named]:
    """The first names; of those that would overlap, the one before."""
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    width, height = (np.ptp(v) or 1.0 if len(v) else 1.0 for v in (x, y))
    placed: list[Named] = []
    for name, at_x, at_y, colour in names:
        free = all(abs(at_x - a) > _APART[0] * width or abs(at_y - b) > _APART[1] * height for _, a, b, _ in placed)
        if free and len(placed) < _NAMED:
            placed.append((name, at_x, at_y, colour))
    return placed
