"""Themes on the map: which points are of one, in which colour, and where its name stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa

from dashboard.theme import STATES
from fac_core.html_table import TURNING
from fac_core.themes.answer import Missing
from fac_core.themes.membership import theme_of

Named = tuple[str, float, float, str]
"""A name on the map: text, x, y, colour of its frame; an empty colour for none."""
_LACKING = ("#cc4a6b", "#c27c0e", "#a855a8", "#d9480f", "#8a5a2b", "#e0529c", "#8f6a00", "#a63a3a")
_IN_EXCESS = ("#3b7dd8", "#2a9d8f", "#7c6cf0", "#3f8f4f")
_SMALLER = "#868e99"
"""Warm and cool, legible on light and on dark; what comes after has one colour, and names on the map say which it is."""
_LONGEST = 28
"""Characters of a name in the legend."""


@dataclass(frozen=True)
class ThemeTraces:
    """What themes add to the map."""

    traces: list[go.Scattergl]
    drawn: np.ndarray
    """bool `[features]`: points that are in one of the traces."""
    names: list[Named]
    """What the data lacks most comes first."""


def theme_traces(table: pa.Table, shown: np.ndarray, missing: Missing) -> ThemeTraces:
    """Traces by theme and state, so that shapes are the states; in the legend, one of each theme: a click shows it alone.

    Args:
        shown: bool `[features]`: what a search leaves; names stand where all of a theme's points are.
    """
    held, ids = theme_of(missing), table["feature_id"].to_numpy()
    states, x, y = table["state"].to_numpy(), table["x"].to_numpy(), table["y"].to_numpy()
    themes = (*missing.themes, *missing.surplus)
    number = {id(theme): n for n, theme in enumerate(themes)}
    of = np.array([number[id(held[f])] if f in held else -1 for f in ids.tolist()], dtype=np.int64)
    traces: list[go.Scattergl] = []
    names: list[Named] = []
    in_legend: set[str] = set()
    for n in np.unique(of[of >= 0]).tolist():
        name, (colour, group) = themes[n].name, _look(n, missing)
        everywhere = of == n
        names.append((name, float(np.median(x[everywhere])), float(np.median(y[everywhere])), colour))
        for state, look in STATES.items():
            here = everywhere & shown & (states == state)
            if not here.any():
                continue
            traces.append(
                go.Scattergl(
                    x=x[here].astype(np.float32),
                    y=y[here].astype(np.float32),
                    customdata=ids[here],
                    mode="markers",
                    name=group,
                    legendgroup=group,
                    showlegend=group not in in_legend,
                    marker={"symbol": look.symbol, "size": 7, "opacity": 0.9, "color": colour},
                    hovertemplate=f"feature %{{customdata}}: {look.word.lower()}<extra>{plain(name)}</extra>",
                )
            )
            in_legend.add(group)
    return ThemeTraces(traces, (of >= 0) & shown, names)


def _look(n: int, missing: Missing) -> tuple[str, str]:
    """Colour of a theme, and what the legend calls it."""
    excess = n - len(missing.themes)
    colours, at = (_LACKING, n) if excess < 0 else (_IN_EXCESS, excess)
    if at >= len(colours):
        return _SMALLER, "smaller themes" if excess < 0 else "more: smaller themes"
    name = (*missing.themes, *missing.surplus)[n].name
    short = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…"
    return colours[at], plain(short if excess < 0 else f"more: {short}")


def plain(text: str) -> str:
    """Plotly reads a little HTML in whatever it writes, and `%{}` in templates: words of samples must not act as such."""
    text = text.translate(TURNING)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("%{", "%&#123;")
