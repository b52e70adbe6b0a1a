"""What the triage queue shows: filters, all in the URL."""

from __future__ import annotations

from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components import saved_filters
from dashboard.components.queues import menu as draw
from fac_core.gaps.causes import Cause
from fac_core.gaps.ranked import NOT_JUDGED, Filters
from fac_core.naming.level import Level
from fac_core.progress import counted
from fac_core.store.workspace import Workspace

THEME = "gq_theme"
_EMPTY = {
    "gq_words": "",
    "gq_cluster": "",
    "gq_home": "",
    "gq_cause": [],
    "gq_level": [],
    "gq_trust": None,
    THEME: None,
}
SAVED = {**_EMPTY, "gq_state": "untriaged"}
"""What is saved under a name, with its value where nothing is chosen."""


def menu() -> DeltaGenerator:
    """Where the filters are."""
    n = sum(bool(st.session_state.get(key) or key in st.query_params) for key in _EMPTY if key != THEME)
    return draw(counted(n, "filter") if n else "Filter", ":material/tune:", "filter")


def choose_filters(workspace: Workspace, queue: pa.Table, menu: DeltaGenerator) -> tuple[Filters, list[str]]:
    """What is asked of the gaps, and what of it there is not: a cluster or home in the URL that no gap has is not applied."""
    wrong: list[str] = []
    with menu:
        words = st.text_input(
            "Words", key="gq_words", bind="query-params", placeholder="at its peaks, in its label or cluster"
        )
        cluster = _one_of(queue, "cluster", "Cluster", wrong)
        home = _one_of(queue, "home", "Home in the anchor", wrong)
        causes = st.multiselect(
            "Why it is missing", list(get_args(Cause)), key="gq_cause", bind="query-params", placeholder="any"
        )
        levels = st.multiselect(
            "Relevance", [*get_args(Level), NOT_JUDGED], key="gq_level", bind="query-params", placeholder="any"
        )
        trust = st.number_input(
            "Least F1 of the label", 0.0, 1.0, value=None, step=0.1, key="gq_trust", bind="query-params",
            placeholder="any",
        )  # fmt: skip
        st.button("Clear all", icon=":material/filter_alt_off:", on_click=clear, disabled=not _is_filtered())
        st.divider()
        saved_filters.show(workspace, "gaps", SAVED)
    return Filters(words or "", cluster, home, tuple(causes), tuple(levels), trust or 0.0), wrong


def clear() -> None:
    """Take every filter back."""
    st.session_state.update(_EMPTY)


def _one_of(queue: pa.Table, column: str, label: str, wrong: list[str]) -> str | None:
    """A box to type into: a list of a thousand clusters would be sent at every rerun."""
    value = st.text_input(
        label, key=f"gq_{column}", bind="query-params", placeholder="any", help="Its whole name, as lists show it."
    )
    if value and not pc.any(pc.equal(queue[column], value)).as_py():  # type: ignore[attr-defined]
        wrong.append(f"No gap has this {label.lower()}.")
    return value or None


def _is_filtered() -> bool:
    return any(st.session_state.get(key) or key in st.query_params for key in _EMPTY)
