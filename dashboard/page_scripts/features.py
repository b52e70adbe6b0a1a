"""Features: a filtered list of all features, and one feature in detail."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.feature import detail, filters
from dashboard.components.tables import FEATURE
from dashboard.links import wrong_feature
from dashboard.pickers.feature import choose_feature
from dashboard.selection import chosen
from dashboard.theme import STATES
from fac_core.feature import Feature
from fac_core.gaps.listed import page
from fac_core.view import View

_PAGE = 100  # features on a page of the list

_COLUMNS = ("label", "words", "state", "anchor_share", "run_share", "anchor_max", "run_max", "trust", "priority")

view, _ = chosen()


def show_list() -> None:
    table = answer(View.features, view)
    mask, sort = filters.choose(view, table)
    if not mask.any():
        st.info("No feature matches. Take back a filter.", icon=":material/filter_alt_off:")
        return
    pages = math.ceil(int(mask.sum()) / _PAGE)
    above = st.container()
    number = st.pagination(pages, key="fq_page", bind="query-params") if pages > 1 else 1
    with above:
        show_rows(page(table, mask, sort, number, _PAGE))


def show_rows(rows: pa.Table) -> None:
    """The rows of a page. The button of a row is called by its feature's id, and that is what a click says."""

    def open_clicked() -> None:
        click = st.session_state["open_feature"]
        if click:
            open_feature(int(click["label"]))

    shown = rows.select([*_COLUMNS[:3], *(["relevance"] if view.task else []), *_COLUMNS[3:]])
    state = pa.array([STATES[state].word for state in rows["state"].to_pylist()])
    shown = shown.set_column(shown.column_names.index("state"), "state", state)
    shown = shown.add_column(0, "feature", pc.cast(rows["feature_id"], pa.string()))
    opening = st.column_config.ButtonColumn(
        "feature", key="open_feature", on_click=open_clicked, pinned=True, type="tertiary"
    )
    alt = "Features that match the filters; the button in the first column opens one"
    tables.show(shown, {**FEATURE, "feature": opening}, height="content", alt=alt)


def open_feature(feature_id: int | None) -> None:
    st.session_state["feature"] = feature_id


is_wrong = wrong_feature("feature", view.anchor.d_sae)
with st.container(horizontal=True, vertical_alignment="bottom"):
    feature = choose_feature(view, "Feature", "feature", placeholder="number", width=170)
    if feature is not None:
        st.button("Back to the list", icon=":material/arrow_back:", on_click=open_feature, args=(None,))
    else:
        filters.choose_words()
if feature is None or is_wrong:
    show_list()
else:
    detail.show(Feature(view, feature), open_feature)
