"""What a stranger sees first of the gaps: the few that matter most, in words, each a link to its decision."""

from __future__ import annotations

import pyarrow as pa
import streamlit as st

from dashboard.components.examples import st_text
from dashboard.links import kept
from dashboard.page_list import script
from fac_core.progress import counted
from fac_core.view import View

SHOWN = 5


def show(view: View, gaps: pa.Table) -> None:
    """The first of `View.gaps`, in its order."""
    if not len(gaps):
        st.caption("There is no gap: your data fires all that the anchor does.")
        return
    st.markdown(f"**What is missing first**, of {counted(len(gaps), 'gap')}")
    keep = kept(view)
    with st.container(gap="xsmall"):
        for gap in gaps.slice(0, SHOWN).to_pylist():
            called = gap["label"] or gap["words"] or "no words at its peaks"
            where = f", at home in {st_text(gap['home'])}" if gap["home"] else ""
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.page_link(
                    script("gaps"),
                    label=f"**{st_text(called)}**",
                    icon=":material/rule:",
                    help=f"Decide about feature {gap['feature_id']}.",
                    query_params={**keep, "gq_gap": str(gap["feature_id"])},
                    width="content",
                )
                samples = counted(gap["n_active"], "sample")
                said = f"feature {gap['feature_id']}: {gap['cause']} in your data; active in {samples} of the anchor{where}"
                st.caption(said, width="content")
