"""Coverage by topic: a field of the metadata, or the clusters of the map."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.tables import opens, percent
from dashboard.figures import clusters
from dashboard.links import kept, link
from dashboard.page_list import script
from fac_core.view import View

_CLUSTERS = "clusters of the map"
_PARTS_SHOWN = 30
"""Bars: the least covered parts; the table has all."""


def show(view: View) -> None:
    """Coverage by topic; a click on a bar opens its gaps."""
    fields = [*answer(View.fields, view), *([_CLUSTERS] if view.has_atlas else [])]
    if not fields:
        st.caption("Neither the texts' metadata nor a map divides the anchor into topics.")
        return
    keep = kept(view)
    field = st.segmented_control(
        "Topics are", fields, default=fields[0], required=True, format_func=st_text, key="field", bind="query-params"
    )
    parts = answer(View.parts, view, None if field == _CLUSTERS else field)
    shown = parts[:_PARTS_SHOWN]
    event = st.plotly_chart(
        clusters.by_cluster(shown),
        key=f"by_topic-{field}",
        on_select="rerun",
        selection_mode="points",
        alt="Covered and missing features by topic, least covered first; the table has the same numbers",
    )
    asked = "gq_cluster" if field == _CLUSTERS else "gq_home"
    picked = [point["y"] for point in event["selection"]["points"]] if event else []  # type: ignore[index]
    if picked:
        st.switch_page(script("gaps"), query_params={**keep, asked: picked[0]})
    hidden = f" The {len(shown)} least covered of {len(parts)} are drawn." if len(parts) > len(shown) else ""
    belongs = (
        "A cluster is of features with near directions; its name is made by a machine."
        if field == _CLUSTERS
        else "A feature belongs to the part of the anchor in which it fires more than elsewhere."
    )
    st.caption(f"{belongs} Click a bar to see its gaps.{hidden}")
    rows = [
        {
            "topic": name,
            "FAC": p.fac,
            "covered": p.numerator,
            "of": p.denominator,
            "gaps": link("gaps", keep, **{asked: name}),
        }
        for p, name in ((p, clusters.name_of(p)) for p in parts)
    ]
    columns = {**percent("FAC"), "gaps": opens("gaps", "see them")}
    tables.as_table(rows, columns, "As a table, with links to the gaps")
