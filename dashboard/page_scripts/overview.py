"""Overview: what is my data missing? The answer in a sentence and in themes; FAC beside it, and all that explains it below."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import answer
from dashboard.components.examples import st_text
from dashboard.components.gaps import first_gaps
from dashboard.components.overview import answer as the_answer
from dashboard.components.overview import diversity, growth, left_out, number, topics
from dashboard.components.overview.targeting import Targeting
from dashboard.links import kept
from dashboard.selection import chosen
from fac_core.view import View

_TAB = "oq_tab"

view, author = chosen()
run, anchor = (st_text(one.name) for one in (view.run, view.anchor))
st.caption(
    f"**FAC Explorer** compares **{run}** with **{anchor}**, text by text and feature by feature: what is missing?"
)
result = answer(View.coverage, view)

first, beside = st.columns([4.2, 1], gap="medium")
with beside:
    number.show(view, result)  # before the themes, which take seconds when they are new
with first:
    missing = answer(View.missing, view)
    the_answer.show(view, missing, Targeting(view, author, kept(view)))
with beside:
    number.show_meaning(view, result)

TABS = {
    "First gaps": lambda: first_gaps.show(view, answer(View.gaps, view)),  # ranked last: nothing above waits for it
    "All themes": lambda: the_answer.show_all(view, missing),
    "By topic": lambda: topics.show(view),
    "Curves": lambda: growth.show(view),
    "What is left out": lambda: left_out.show(view, result),
    "Diversity": lambda: diversity.show(view),
}
if "field" in st.query_params and _TAB not in st.query_params:
    st.session_state.setdefault(_TAB, "By topic")
for tab, show in zip(st.tabs(list(TABS), key=_TAB, bind="query-params"), TABS.values(), strict=True):
    if tab.open:  # only what one looks at is worked out
        with tab:
            show()
