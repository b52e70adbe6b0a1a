"""Data: encode a dataset and watch it, see all jobs and runs. Works in an empty workspace: it is where runs come from."""

from __future__ import annotations

import streamlit as st

from dashboard.components.data import encode_form, run_list
from dashboard.components.examples import st_text
from dashboard.components.jobs import history
from dashboard.sign_in import choose_author
from fac_core.store.workspace import Workspace

workspace: Workspace = st.session_state["workspace"]
runs = workspace.runs()
with st.sidebar:
    choose_author()
st.header("Encode a dataset")
encode_form.show(workspace, runs)
st.header("Runs")
run_list.show(workspace, runs)
st.header("Jobs")
history.show(workspace)
st.caption(f"Workspace: {st_text(str(workspace.folder))}")
