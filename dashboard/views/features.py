"""Features: a filtered list of all features, and one feature in detail."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard import sources
from dashboard.components import feature_detail
from dashboard.selection import Selection
from dashboard.theme import STATES
from fac_core.errors import FacError

_SHOWN = 500
"""Rows of the list; the rest is reached by filtering, and the page says how many that are."""

_SORTS = {
    "most common in the anchor": ("anchor_share", "descending"),
    "rarest in the anchor": ("anchor_share", "ascending"),
    "largest difference": ("difference", "descending"),
    "id": ("feature_id", "ascending"),
}

selection: Selection = st.session_state["selection"]
run = selection.workspace.run_path(selection.run.run_id)
anchor = selection.workspace.run_path(selection.anchor.run_id)
try:
    table = sources.states(run, anchor, selection.definition, selection.relevant)
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()


def matching(table: pa.Table, states: list[str], words: str) -> pa.Table:
    """Rows of the chosen states whose words contain every word that was asked for."""
    keep = np.isin(np.array(table["state"].to_pylist()), states or list(STATES))
    for word in words.lower().split():
        keep &= pc.match_substring(table["words"], word).to_numpy(zero_copy_only=False)  # type: ignore[attr-defined]
    return table.filter(pa.array(keep))


def show_list() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        states = st.pills(
            "State",
            list(STATES),
            selection_mode="multi",
            format_func=lambda state: STATES[state].word,
            key="fq_state",
            bind="query-params",
        )
        words = st.text_input("Words at its peaks", key="fq_words", bind="query-params", placeholder="court, judge, …")
        sort = st.selectbox(
            "Order", list(_SORTS), index=None, key="fq_sort", bind="query-params", placeholder=next(iter(_SORTS))
        )
    found = matching(table, list(states or []), words or "")
    difference = np.subtract(found["anchor_share"].to_numpy(), found["run_share"].to_numpy())
    found = found.append_column("difference", pa.array(np.abs(difference)))
    found = found.sort_by([_SORTS[sort or next(iter(_SORTS))], ("feature_id", "ascending")])
    shown = found.slice(0, _SHOWN)
    hidden = len(table) - len(found)
    st.caption(
        f"{len(found):,} features; {hidden:,} hidden by the filters."
        + (f" The first {_SHOWN:,} are listed." if len(found) > _SHOWN else "")
    )
    if not len(shown):
        st.info("No feature matches. Take back a filter.", icon=":material/filter_alt_off:")
        return
    ids = shown["feature_id"].to_pylist()
    # The key changes with the rows: a selection is by position and must never outlive the list it was made in.
    key = "list-" + hashlib.sha256(str(ids).encode()).hexdigest()[:12]

    def open_selected() -> None:
        rows = st.session_state[key].selection.rows
        if rows:
            st.session_state["feature"] = ids[rows[0]]

    st.dataframe(
        shown.select(["feature_id", "words", "state", "anchor_share", "run_share", "anchor_max", "run_max"]),
        key=key,
        on_select=open_selected,
        selection_mode="single-row",
        hide_index=True,
        height=560,
        column_config={
            "feature_id": st.column_config.NumberColumn("feature", format="%d"),
            "words": st.column_config.TextColumn("peaks on", width="large"),
            "anchor_share": st.column_config.NumberColumn("in the anchor", format="percent"),
            "run_share": st.column_config.NumberColumn("in your data", format="percent"),
            "anchor_max": st.column_config.NumberColumn("max, anchor", format="%.2f"),
            "run_max": st.column_config.NumberColumn("max, your data", format="%.2f"),
        },
    )
    st.caption("Select a row to open the feature.")


def close() -> None:
    st.session_state["feature"] = None


asked = st.query_params.get("feature")
is_wrong = asked is not None and not (asked.isdecimal() and int(asked) < len(table))
if is_wrong:
    st.warning(f"There is no feature {asked}: they go from 0 to {len(table) - 1:,}.", icon=":material/link_off:")
with st.container(horizontal=True, vertical_alignment="bottom"):
    feature = st.number_input(
        "Feature", 0, len(table) - 1, value=None, key="feature", bind="query-params", placeholder="id", width=140
    )
    if feature is not None:
        st.button("Back to the list", icon=":material/arrow_back:", on_click=close)
if feature is None or is_wrong:
    show_list()
else:
    feature_detail.show(selection, feature, table.slice(feature, 1).to_pylist()[0])
