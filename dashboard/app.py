"""The dashboard's shell: pages, and the pickers that they share. `fac ui` starts it."""

from __future__ import annotations

import gc
from pathlib import Path

import streamlit as st

from dashboard.components import job_strip
from dashboard.selection import choose, find_workspace

VIEWS = Path(__file__).parent / "views"


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:  # noqa: ARG001  # once for each page
    """Keep what the first visit of a page has loaded out of the garbage collector's way.

    Streamlit collects after every script, and nothing else runs while it does. It would look through 200,000 objects of
    modules, which are never garbage: that takes longer than all that most pages do.
    """
    gc.collect()
    gc.freeze()


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
            VIEWS / "synthesis.py",
            title="Synthesis",
            icon=":material/auto_awesome:",
            url_path="synthesis",
            help="Let samples be written for approved gaps, after a preview and an estimate.",
        ),
        st.Page(
            VIEWS / "review.py",
            title="Review",
            icon=":material/fact_check:",
            url_path="review",
            help="Accept, reject or edit what was written, seeing what each decision does to coverage.",
        ),
        st.Page(
            VIEWS / "export.py",
            title="Export",
            icon=":material/download:",
            url_path="export",
            help="Write what was accepted as a dataset with its card, and measure it.",
        ),
        st.Page(
            VIEWS / "compare.py",
            title="Compare",
            icon=":material/compare_arrows:",
            url_path="compare",
            help="How datasets cover each other, which real texts fill gaps, how few samples suffice.",
        ),
        st.Page(
            VIEWS / "data.py",
            title="Data",
            icon=":material/database:",
            url_path="data",
            help="Encode a dataset, watch it, and see all runs with how they were made.",
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
workspace = find_workspace()
job_strip.show(workspace, (st.session_state.get("author") or "").strip() or "anonymous")
if page.url_path in (
    "data",
    "study",
):  # one is where runs come from, the other shows what is finished: neither needs any
    st.session_state["workspace"] = workspace
else:
    st.session_state["selection"] = choose(workspace)
page.run()
settle(page.url_path)
