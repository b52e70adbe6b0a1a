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
from dashboard.figures.feature_map import METRICS, feature_map, thinned
from dashboard.links import kept, link
from dashboard.selection import chosen
from dashboard.theme import GAPS, STATES
from fac_core.gaps.listed import page, saying
from fac_core.spaces.atlas import CAVEAT
from fac_core.view import View

_SHOWN = 1000
_PICKED = "map_picked"
"""Session: the ids of the last lasso or box. A chart's own selection ends when its figure changes."""

view, _ = chosen()
keep = kept(view)

if not view.has_atlas:
    st.info("This feature space has no atlas yet. Making it takes about a minute.", icon=":material/map:")
    job = (view.workspace, "atlas", {"run": view.anchor.run_id}, "Mapping the features", "map")
    st.button("Make it", icon=":material/map:", type="primary", on_click=ask, args=job)
    st.caption("Or from a terminal:")
    st.code("fac space atlas", language="bash")
    st.stop()
table = answer(View.features, view)


@st.cache_resource(max_entries=16, show_spinner="Drawing…")
def drawn(_table: pa.Table, version: int, asked: str, metric: str | None) -> tuple[go.Figure, int]:  # noqa: ARG001
    """The figure, the same while one explores (or the chart would forget its selection), and how many points it has."""
    part = thinned(_table)
    found = saying(part, asked) if asked.split() else None
    return feature_map(part, found, METRICS[metric] if metric else None), len(part)


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


def show_clusters() -> None:
    """The map as a table: clusters with how much of each is covered, the largest gaps first."""
    counted = table.group_by(["cluster", "state"]).aggregate([("feature_id", "count")]).to_pylist()
    rows: dict[str, dict[str, Any]] = {}
    for one in counted:
        row = rows.setdefault(one["cluster"], {"cluster": one["cluster"], **dict.fromkeys(STATES, 0)})
        row[one["state"]] = one["feature_id_count"]
    for row in rows.values():
        row["gaps"] = (
            link("gaps", keep, gq_cluster=row["cluster"], gq_view="all") if row["weak"] + row["uncovered"] else None
        )
    listed = sorted(rows.values(), key=lambda row: (-row["weak"] - row["uncovered"], row["cluster"]))
    words = {state: look.word for state, look in STATES.items()}
    tables.show(pa.Table.from_pylist(listed), {**words, "gaps": opens("decide", "its gaps")})


with st.container(horizontal=True, vertical_alignment="bottom"):
    asked = st.text_input("Words at their peaks, in their label or cluster", key="mq_words", bind="query-params") or ""
    metric = st.pills(
        "Colour by", list(METRICS), key="mq_colour", bind="query-params", help="State, if none is chosen."
    )
figure, n_drawn = drawn(table, id(table), asked, metric)
found = saying(table, asked) if asked.split() else None
if found is not None:
    st.caption(f"{found.sum():,} features match; the others are greyed out.")
if n_drawn < len(table):
    st.caption(f"{n_drawn:,} of {len(table):,} features are drawn, all gaps among the first; lists have them all.")
if metric in ("trust", "priority"):
    st.caption("Grey: no " + ("scored label." if metric == "trust" else "gap."))
st.plotly_chart(
    figure,
    key="feature_map",
    on_select=pick,
    selection_mode=("lasso", "box", "points"),
    alt="Map of all features; shape and colour say whether your data covers them. The table below says the same.",
)
st.caption(f"{CAVEAT} Names of clusters are made by a machine from words at the features' peaks.")

picked = st.session_state.get(_PICKED) or []
if picked:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{len(picked):,} features selected")
        st.button("Forget them", icon=":material/deselect:", on_click=st.session_state.pop, args=(_PICKED, None))
    show_features(np.isin(table["feature_id"].to_numpy(), np.array(picked)))
elif found is not None:
    st.subheader(f"{found.sum():,} features found")
    show_features(found)
else:
    st.caption("Draw a lasso or a box, or search, to list features here. Until then, the clusters as a table:")
    show_clusters()
