"""Map: where the features lie, and which regions the data leaves uncovered."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import streamlit as st

from dashboard import sources
from dashboard.figures.feature_map import feature_map
from dashboard.selection import Selection
from fac_core.errors import FacError
from fac_core.features.atlas import CAVEAT

selection: Selection = st.session_state["selection"]
run = selection.workspace.run_path(selection.run.run_id)
anchor = selection.workspace.run_path(selection.anchor.run_id)
space = selection.workspace.space_path(selection.anchor.space_id)
if not space.exists():
    st.info("This feature space has no atlas yet. Making it takes about a minute:", icon=":material/map:")
    st.code("fac atlas", language="bash")
    st.stop()
try:
    states = sources.states(run, anchor, selection.definition, selection.relevant)
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
table = states.append_column("x", sources.atlas(space)["x"]).append_column("y", sources.atlas(space)["y"])
table = table.append_column("cluster", sources.atlas(space)["cluster"])

asked = st.text_input("Words at their peaks, or in a cluster's name", key="mq_words", bind="query-params")
words, clusters = table["words"].to_pylist(), table["cluster"].to_pylist()
wanted = (asked or "").lower().split()
found = (
    {f for f, (w, c) in enumerate(zip(words, clusters, strict=True)) if all(one in w or one in c for one in wanted)}
    if wanted
    else None
)
if found is not None:
    st.caption(f"{len(found):,} features match; the others are greyed out.")
event = st.plotly_chart(
    feature_map(table, found),
    key="feature_map",
    on_select="rerun",
    selection_mode=("lasso", "box", "points"),
    alt="Map of all features; shape and colour say whether your data covers them",
)
st.caption(f"{CAVEAT} Names of clusters are made by a machine from words at the features' peaks.")

points = event["selection"]["points"] if event else []  # type: ignore[index]
picked = sorted({int(p["customdata"] if not isinstance(p["customdata"], list) else p["customdata"][0]) for p in points})
shown = picked or sorted(found or ())
if shown:
    st.subheader(f"{len(shown):,} features {'selected' if picked else 'found'}")
    rows = table.filter(pa.array(np.isin(table["feature_id"].to_numpy(), np.array(shown))))
    st.dataframe(
        rows.select(["feature_id", "words", "state", "cluster", "anchor_share", "run_share"]),
        hide_index=True,
        column_config={
            "anchor_share": st.column_config.NumberColumn("in the anchor", format="percent"),
            "run_share": st.column_config.NumberColumn("in your data", format="percent"),
        },
    )
else:
    st.caption("Draw a lasso or a box, or search, to list features here.")
