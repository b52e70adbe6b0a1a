"""Map: where the features lie, and which regions the data leaves uncovered."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.jobs.asking import ask
from dashboard.components.tables import FEATURE, opens
from dashboard.figures.feature_map import BY_STATE, BY_THEME, COLOURS, feature_map, thinned
from dashboard.links import kept, link
from dashboard.selection import chosen
from dashboard.sign_in import barred
from dashboard.theme import GAPS, SHAPES, STATES
from fac_core.gaps.listed import page, saying
from fac_core.progress import counted
from fac_core.spaces.atlas import CAVEAT
from fac_core.themes.answer import Missing
from fac_core.themes.membership import theme_of
from fac_core.view import View

_SHOWN = 1000
_NO_THEME = "no theme"
_GREY = {
    BY_THEME: "A click on a theme below shows it alone. Warm: your data lacks it. Cool: it has more of it than the anchor."
    " Grey: no theme. Shapes: "
    + ", ".join(f"{SHAPES[look.symbol]} {look.word.lower()}" for look in STATES.values())
    + ".",
    "trust": "Grey: no scored label.",
    "priority": "Grey: no gap.",
}
"""What colours mean, where the legend does not say it."""
_PICKED = "map_picked"
"""Session: the ids of the last lasso or box. A chart's own selection ends when its figure changes."""

view, _ = chosen()
keep = kept(view)

if not view.has_atlas:
    st.info("This feature space has no atlas yet. Making it takes about a minute.", icon=":material/map:")
    job = (view.workspace, "atlas", {"run": view.anchor.run_id}, "Mapping the features", "map")
    st.button("Make it", icon=":material/map:", type="primary", on_click=ask, args=job, **barred("job", "atlas"))
    st.caption("Or from a terminal:")
    st.code("fac space atlas", language="bash")
    st.stop()
table = answer(View.features, view)
missing = answer(View.missing, view)
of_theme = theme_of(missing)


@st.cache_resource(max_entries=16, show_spinner="Drawing…")
def drawn(
    _table: pa.Table,
    _missing: Missing,
    version: tuple[int, int],  # noqa: ARG001  # of both
    asked: str,
    by: str,
) -> tuple[go.Figure, int]:
    """The figure, the same while one explores (or the chart would forget its selection), and how many points it has."""
    part = thinned(_table)
    found = saying(part, asked) if asked.split() else None
    return feature_map(part, found, by, _missing), len(part)


def pick() -> None:
    """Keep the ids at once."""
    points = st.session_state["feature_map"]["selection"]["points"]
    st.session_state[_PICKED] = sorted({_id(point) for point in points})


def _id(point: dict[str, Any]) -> int:
    carried = point["customdata"]
    return int(carried[0] if isinstance(carried, list) else carried)


def show_features(mask: np.ndarray) -> None:
    """Features with links to their pages, and to the queue for gaps, which come first and as they are ranked."""
    shown = page(table, mask, "highest priority", 1, _SHOWN)
    ids, states = shown["feature_id"].to_pylist(), shown["state"].to_pylist()
    shown = shown.select(["feature_id", "label", "words", "state", "cluster", "priority", "anchor_share", "run_share"])
    if of_theme:
        themes = [of_theme[f].name if f in of_theme else None for f in ids]
        shown = shown.append_column("theme", pa.array(themes, pa.string()))
    shown = shown.append_column("feature", pa.array([link("features", keep, feature=str(f)) for f in ids]))
    gaps = [link("gaps", keep, gq_gap=str(f)) if s in GAPS else None for f, s in zip(ids, states, strict=True)]
    shown = shown.append_column("gap", pa.array(gaps, pa.string()))
    if mask.sum() > _SHOWN:
        st.caption(f"The first {_SHOWN:,} are listed.")
    columns = {
        **FEATURE,
        "feature_id": st.column_config.NumberColumn("id", format="%d"),
        "feature": opens("open", "feature"),
        "gap": opens("decide", "gap"),
    }
    tables.show(shown, columns)


def show_groups() -> None:
    """The map as a table: its themes, or without any its clusters, with how much of each is covered."""
    if of_theme:
        themes = dict.fromkeys(theme.name for theme in of_theme.values())  # the largest deficit first
        groups = [of_theme[f].name if f in of_theme else _NO_THEME for f in table["feature_id"].to_pylist()]
        order = {name: n for n, name in enumerate([*themes, _NO_THEME])}
        lacking = {theme.name for theme in missing.themes}
        column, asked_for = "theme", {name: {"gq_theme": name} for name in lacking}
    else:
        groups, order, column = table["cluster"].to_pylist(), {}, "cluster"
        asked_for = {name: {"gq_cluster": name, "gq_view": "all"} for name in set(groups)}
    rows: dict[str, dict[str, Any]] = {}
    for name, state in zip(groups, table["state"].to_pylist(), strict=True):
        rows.setdefault(name, {column: name, **dict.fromkeys(STATES, 0)})[state] += 1
    for name, row in rows.items():
        asks = asked_for.get(name)
        row["gaps"] = link("gaps", keep, **asks) if asks and row["weak"] + row["uncovered"] else None
    listed = sorted(
        rows.values(), key=lambda row: (order.get(row[column], 0), -row["weak"] - row["uncovered"], row[column])
    )
    words = {state: look.word for state, look in STATES.items()}
    tables.show(pa.Table.from_pylist(listed), {**words, "gaps": opens("decide", "its gaps")})


with st.container(horizontal=True, vertical_alignment="bottom"):
    asked = st.text_input("Words at their peaks, in their label or cluster", key="mq_words", bind="query-params") or ""
    by = st.pills(
        "Colour by",
        COLOURS if of_theme else COLOURS[1:],
        default=BY_THEME if of_theme else BY_STATE,
        required=True,
        key="mq_colour",
        bind="query-params",
        help="Shapes are states.",
    )
figure, n_drawn = drawn(table, missing, (id(table), id(missing)), asked, by)
found = saying(table, asked) if asked.split() else None
if found is not None:
    st.caption(f"{counted(found.sum(), 'feature')} found; the others are greyed out.")
if n_drawn < len(table):
    st.caption(
        f"{n_drawn:,} of {counted(len(table), 'feature')} are drawn, all gaps among the first; lists have them all."
    )
if by in _GREY:
    st.caption(_GREY[by])
st.plotly_chart(
    figure,
    key="feature_map",
    on_select=pick,
    selection_mode=("lasso", "box", "points"),
    alt="Map of all features; shapes say whether your data covers them, colours what is chosen. The table below says the same.",
)
who_names = "Themes are named by people, or by a machine" if of_theme else "Clusters are named by a machine"
st.caption(f"{CAVEAT} {who_names}, from words of the texts.")

picked = st.session_state.get(_PICKED) or []
if picked:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{counted(len(picked), 'feature')} selected")
        st.button("Forget them", icon=":material/deselect:", on_click=st.session_state.pop, args=(_PICKED, None))
    show_features(np.isin(table["feature_id"].to_numpy(), np.array(picked)))
elif found is not None:
    st.subheader(f"{counted(found.sum(), 'feature')} found")
    show_features(found)
else:
    st.caption("Draw a lasso or a box, or search, to list features here. Until then, what is named on it as a table:")
    show_groups()
