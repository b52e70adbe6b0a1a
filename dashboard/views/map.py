"""Map: where the features lie, and which regions the data leaves uncovered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard import jobs_link, sources
from dashboard.components.examples import st_text
from dashboard.figures.feature_map import METRICS, feature_map, thinned
from dashboard.selection import Selection
from dashboard.theme import STATES
from fac_core.errors import FacError
from fac_core.gaps.priority import Weights
from fac_core.spaces.atlas import CAVEAT

_SHOWN = 1000
_PICKED = "map_picked"
"""Session: the ids of the last lasso or box. A chart's own selection ends when its figure changes."""

selection: Selection = st.session_state["selection"]
space = selection.workspace.space_path(selection.anchor.space_id)


def make_atlas() -> None:
    """Ask the worker for it: making it reads the weights."""
    try:
        job = jobs_link.submit(selection, "atlas", {"run": selection.anchor.run_id})
        st.toast(f"Mapping the features as job {job}.", icon=":material/map:")
    except FacError as error:
        st.toast(st_text(str(error)), icon=":material/error:")


if not space.exists():
    st.info("This feature space has no atlas yet. Making it takes about a minute.", icon=":material/map:")
    st.button("Make it", icon=":material/map:", type="primary", on_click=make_atlas)
    st.caption("Or from a terminal:")
    st.code("fac atlas", language="bash")
    st.stop()
try:
    table = sources.map_table(
        selection.workspace,
        selection.run,
        selection.anchor,
        selection.definition,
        selection.relevant,
        task=selection.task,
        weights=Weights(),
    )
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()


def matching(asked: str) -> np.ndarray | None:
    """bool `[features]`: every word is in the words, the label or the cluster's name. None if nothing is asked."""
    if not asked.split():
        return None
    text = pc.binary_join_element_wise(  # type: ignore[attr-defined]
        *(pc.utf8_lower(table[name].combine_chunks()) for name in ("words", "label", "cluster")),  # type: ignore[attr-defined]
        " ",
    )
    found = np.ones(len(table), bool)
    for word in asked.lower().split():
        found &= pc.match_substring(text, word).to_numpy(zero_copy_only=False)  # type: ignore[attr-defined]
    return found


@st.cache_resource(max_entries=16, show_spinner="Drawing…")
def drawn(_table: pa.Table, version: int, asked: str, metric: str | None) -> tuple[go.Figure, int]:  # noqa: ARG001
    """The figure, the same while one explores (or the chart would forget its selection), and how many points it has."""
    part = thinned(_table)
    highlighted = matching(asked)
    if highlighted is not None and len(part) < len(_table):
        highlighted = highlighted[part["feature_id"].to_numpy()]
    return feature_map(part, highlighted, METRICS[metric] if metric else None), len(part)


def pick() -> None:
    """Keep the ids at once."""
    points = st.session_state["feature_map"]["selection"]["points"]
    st.session_state[_PICKED] = sorted({_id(point) for point in points})


def _id(point: dict[str, Any]) -> int:
    carried = point["customdata"]
    return int(carried[0] if isinstance(carried, list) else carried)


KEPT = {k: st.query_params[k] for k in ("anchor", "run", "preset", "no_sinks", "no_dense") if k in st.query_params}
"""What a link keeps: read once, for a list has a thousand of them."""


def link(page: str, **params: object) -> str:
    """A page of this dashboard about the same runs and definition."""
    return f"{page}?{urlencode({**KEPT, **params})}"


def show_features(rows: pa.Table) -> None:
    """Features with links to their pages, and to the queue for gaps."""
    shown = rows.slice(0, _SHOWN)
    ids, states = shown["feature_id"].to_pylist(), shown["state"].to_pylist()
    shown = shown.select(["feature_id", "label", "words", "state", "cluster", "anchor_share", "run_share"])
    shown = shown.append_column("feature", pa.array([link("features", feature=f) for f in ids]))
    gaps = [link("gaps", gq_gap=f) if s in ("weak", "uncovered") else None for f, s in zip(ids, states, strict=True)]
    shown = shown.append_column("gap", pa.array(gaps, pa.string()))
    if len(rows) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} are listed.")
    st.dataframe(
        shown,
        hide_index=True,
        column_config={
            "feature_id": st.column_config.NumberColumn("id", format="%d"),
            "words": "peaks on",
            "anchor_share": st.column_config.NumberColumn("in the anchor", format="percent"),
            "run_share": st.column_config.NumberColumn("in your data", format="percent"),
            "feature": st.column_config.LinkColumn("open", display_text="feature"),
            "gap": st.column_config.LinkColumn("decide", display_text="gap"),
        },
    )


def show_clusters() -> None:
    """The map as a table: clusters with how much of each is covered, the largest gaps first."""
    counted = table.group_by(["cluster", "state"]).aggregate([("feature_id", "count")]).to_pylist()
    rows: dict[str, dict[str, Any]] = {}
    for one in counted:
        row = rows.setdefault(one["cluster"], {"cluster": one["cluster"], **dict.fromkeys(STATES, 0)})
        row[one["state"]] = one["feature_id_count"]
    for row in rows.values():
        row["gaps"] = link("gaps", gq_cluster=row["cluster"], gq_view="all") if row["weak"] + row["uncovered"] else None
    listed = sorted(rows.values(), key=lambda row: (-row["weak"] - row["uncovered"], row["cluster"]))
    st.dataframe(
        pa.Table.from_pylist(listed),
        hide_index=True,
        column_config={
            **{state: look.word for state, look in STATES.items()},
            "gaps": st.column_config.LinkColumn("decide", display_text="its gaps"),
        },
    )


with st.container(horizontal=True, vertical_alignment="bottom"):
    asked = st.text_input("Words at their peaks, in their label or cluster", key="mq_words", bind="query-params") or ""
    metric = st.pills(
        "Colour by", list(METRICS), key="mq_colour", bind="query-params", help="State, if none is chosen."
    )
figure, n_drawn = drawn(table, id(table), asked, metric)
found = matching(asked)
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
    show_features(table.filter(pa.array(np.isin(table["feature_id"].to_numpy(), np.array(picked)))))
elif found is not None:
    st.subheader(f"{found.sum():,} features found")
    show_features(table.filter(pa.array(found)))
else:
    st.caption("Draw a lasso or a box, or search, to list features here. Until then, the clusters as a table:")
    show_clusters()
