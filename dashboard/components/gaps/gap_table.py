"""The queue as a table with checkboxes: one decision about what is checked, or about all that the filters leave."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import streamlit as st

from dashboard.components.gaps.decisions import KEYS, Desk
from dashboard.components.tables import FEATURE
from dashboard.sign_in import barred
from fac_core.curation.triage import NEEDS_REASON, REASONS, Decision, State
from fac_core.progress import counted

_SHOWN = 1000
_COLUMNS = (
    "feature_id", "label", "words", "theme", "cluster", "cause", "level", "label_f1", "n_active", "share", "shortfall",
    "priority",
)  # fmt: skip


def show(desk: Desk, gaps: pa.Table, decisions: Mapping[int, Decision]) -> None:
    """Draw the table and the bar that decides. `gaps` is what the filters leave, in the order of the queue."""
    ids = gaps["feature_id"].to_numpy()
    shown = gaps.slice(0, _SHOWN)
    # The key changes with the rows: checkboxes are by position and must never outlive the list they were set in.
    key = "gaps-" + hashlib.sha256(shown["feature_id"].to_numpy().tobytes()).hexdigest()[:12]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state: State = st.selectbox("Decision", list(KEYS), key="bulk_state", format_func=str.capitalize, width=180)
        reason = st.selectbox(
            "Reason",
            REASONS[state],
            index=None,
            key=f"bulk_reason_{state}",
            placeholder="needed" if state in NEEDS_REASON else "none",
            width=240,
        )
        chosen = ids[: len(shown)][_checked(key)]
        ready = bool(reason) or state not in NEEDS_REASON
        _button(desk, f"Mark the {len(chosen):,} checked as {state}", chosen, state, reason, decisions, ready)
        with st.popover("All of them", icon=":material/select_all:"):
            sure = st.checkbox(f"Yes, all {counted(len(ids), 'gap')} of this filter", key=f"sure-{key}-{len(ids)}")
            _button(desk, f"Mark all {len(ids):,} as {state}", ids, state, reason, decisions, ready and sure)
    if not ready:
        st.caption("Choose a reason first.")
    if len(gaps) > _SHOWN:
        st.caption(f"The first {_SHOWN:,} of {len(gaps):,} are listed; *All of them* means all {len(gaps):,}.")
    st.dataframe(
        shown.select(_COLUMNS),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        height=560,
        placeholder="",
        column_config={
            **FEATURE,
            "feature_id": st.column_config.NumberColumn("feature", format="%d"),
            "level": st.column_config.TextColumn("relevance"),
            "label_f1": st.column_config.NumberColumn("label's F1", format="%.2f"),
            "n_active": st.column_config.NumberColumn("anchor samples", format="localized"),
            "share": st.column_config.NumberColumn("of the anchor", format="percent"),
            "shortfall": st.column_config.NumberColumn("z of the shortfall", format="%.1f"),
        },
    )


def _checked(key: str) -> list[int]:
    """Positions in the drawn list; its key says which list that is."""
    state = st.session_state.get(key)
    return list(state.selection.rows) if state else []


def _button(
    desk: Desk,
    label: str,
    feature_ids: np.ndarray,
    state: State,
    reason: str | None,
    decisions: Mapping[int, Decision],
    ready: bool,
) -> None:
    ids = feature_ids.tolist()
    seen = {f: decisions[f].version for f in ids if f in decisions}
    args = (ids, state, reason or "", seen)
    st.button(label, on_click=desk.decide_many, args=args, **barred("triage", disabled=not (ready and ids)))
