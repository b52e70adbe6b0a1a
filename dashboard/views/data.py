"""Data: encode a dataset and watch it, see all jobs and runs. Works in an empty workspace: it is where runs come from."""

from __future__ import annotations

import streamlit as st

from dashboard.components import encode_form, job_list, run_list
from dashboard.selection import choose_author
from fac_core.store.workspace import Workspace

place: Workspace = st.session_state["workspace"]
runs = place.runs()
with st.sidebar:
    author = choose_author()
st.header("Encode a dataset")
encode_form.show(place, runs, author)
st.header("Runs")
run_list.show(place, runs)
st.header("Jobs")
job_list.show(place, author)
st.caption(f"Workspace: `{place.folder}`")
