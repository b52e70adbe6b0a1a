"""The dashboard's shell: pages, and the pickers that they share. `fac ui` starts it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.selection import choose

VIEWS = Path(__file__).parent / "views"

st.set_page_config(page_title="FAC Explorer", page_icon=":material/grid_view:", layout="wide")
page = st.navigation(
    [
        st.Page(
            VIEWS / "overview.py",
            title="Overview",
            icon=":material/donut_large:",
            url_path="overview",
            default=True,
            help="How well your data covers the features that can occur, and where it does not.",
        ),
        st.Page(
            VIEWS / "map.py",
            title="Map",
            icon=":material/scatter_plot:",
            url_path="map",
            help="All features of the space as a picture: covered, weak, uncovered.",
        ),
        st.Page(
            VIEWS / "features.py",
            title="Features",
            icon=":material/list:",
            url_path="features",
            help="Every feature of the space: search, filter, and see what fires one.",
        ),
        st.Page(
            VIEWS / "gaps.py",
            title="Gaps",
            icon=":material/rule:",
            url_path="gaps",
            help="The missing features, one at a time or in bulk: which of them to target.",
        ),
        st.Page(
            VIEWS / "study.py",
            title="Study",
            icon=":material/science:",
            url_path="study",
            help="Does coverage go with what models learn? Finished studies of this workspace.",
        ),
    ],
    position="top",
)
st.session_state["selection"] = choose()
page.run()
