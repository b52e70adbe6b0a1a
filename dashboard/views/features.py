"""Features: a filtered list of all features, and one feature in detail."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard import feature_sources, sources
from dashboard.components import feature_detail, feature_filters, saved_views
from dashboard.components.examples import st_text
from dashboard.feature_list import page
from dashboard.selection import Selection
from dashboard.theme import STATES
from fac_core.errors import FacError

_PAGE = 100  # features on a page of the list

_COLUMNS = ("label", "words", "state", "anchor_share", "run_share", "anchor_max", "run_max", "trust", "priority")

selection: Selection = st.session_state["selection"]
run = selection.workspace.run_path(selection.run.run_id)
anchor = selection.workspace.run_path(selection.anchor.run_id)
d_sae = selection.anchor.d_sae


def show_list() -> None:
    sort, task = feature_filters.choose_order()
    events, space_id = selection.workspace.events(), selection.anchor.space_id
    position = feature_sources.log_position(events, space_id, task)
    table = feature_sources.listed(
        run, anchor, selection.definition, selection.relevant, events.path, space_id, task, position
    )
    mask = feature_filters.choose(table, anchor)
    if not mask.any():
        st.info("No feature matches. Take back a filter.", icon=":material/filter_alt_off:")
        return
    pages = math.ceil(int(mask.sum()) / _PAGE)
    place = st.container()
    number = st.pagination(pages, key="fq_page", bind="query-params") if pages > 1 else 1
    with place:
        show_rows(page(table, mask, sort, number, _PAGE), task)


def show_rows(rows: pa.Table, task: str | None) -> None:
    """The rows of a page. The button of a row is called by its feature's id, and that is what a click says."""

    def open_clicked() -> None:
        click = st.session_state["open_feature"]
        if click:
            open_feature(int(click["label"]))

    shown = rows.select([*_COLUMNS[:3], *(["relevance"] if task else []), *_COLUMNS[3:]])
    state = pa.array([STATES[state].word for state in rows["state"].to_pylist()])
    shown = shown.set_column(shown.column_names.index("state"), "state", state)
    shown = shown.add_column(0, "feature", pc.cast(rows["feature_id"], pa.string()))
    st.dataframe(
        shown,
        hide_index=True,
        height="content",
        placeholder="",
        alt="Features that match the filters; the button in the first column opens one",
        column_config={
            "feature": st.column_config.ButtonColumn(
                "feature", key="open_feature", on_click=open_clicked, pinned=True, type="tertiary"
            ),
            "label": st.column_config.TextColumn("label", width="medium"),
            "words": st.column_config.TextColumn("peaks on", width="medium"),
            "anchor_share": st.column_config.NumberColumn("in the anchor", format="percent"),
            "run_share": st.column_config.NumberColumn("in your data", format="percent"),
            "anchor_max": st.column_config.NumberColumn("max, anchor", format="%.2f"),
            "run_max": st.column_config.NumberColumn("max, your data", format="%.2f"),
            "trust": st.column_config.NumberColumn("trust (F1)", format="%.2f"),
            "priority": st.column_config.NumberColumn("priority", format="%.3f", help="Of gaps only."),
        },
    )


def open_feature(feature_id: int | None) -> None:
    st.session_state["feature"] = feature_id


asked = st.query_params.get("feature")
is_wrong = asked is not None and not (asked.isdecimal() and int(asked) < d_sae)
if is_wrong:
    st.warning(
        f"There is no feature {st_text(asked or '')}: they go from 0 to {d_sae - 1:,}.", icon=":material/link_off:"
    )
with st.container(horizontal=True, vertical_alignment="bottom"):
    feature = st.number_input(
        "Feature", 0, d_sae - 1, value=None, key="feature", bind="query-params", placeholder="id", width=140
    )
    if feature is None:
        saved_views.show(selection, "features", feature_filters.VIEW)
    else:
        st.button("Back to the list", icon=":material/arrow_back:", on_click=open_feature, args=(None,))
try:
    if feature is None or is_wrong:
        show_list()
    else:
        row = sources.states(run, anchor, selection.definition, selection.relevant).slice(feature, 1).to_pylist()[0]
        feature_detail.show(selection, feature, row, open_feature)
except FacError as error:
    st.error(str(error), icon=":material/error:")
