"""All candidates that the filters leave, as a table; a decision is about those that are ticked, or about all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.components.review.check_badge import check_words
from dashboard.components.review.desk import BUTTONS, ReviewDesk
from dashboard.sign_in import barred
from fac_core.curation.review import REASONS, State
from fac_core.curation.standing import Standing


def show(desk: ReviewDesk, found: Standing, states: Mapping[str, State], ids: Sequence[str]) -> None:
    """The table and its buttons."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Reason to reject", REASONS, index=None, key="rv_reason", placeholder="choose one", width=260)
        rarely = st.popover("More", icon=":material/more_horiz:")
    with rarely:
        st.text_input("Note", key="rv_note", placeholder="needed to accept against the check")
    # The key changes with the rows: a selection is by position and must never outlive the list it was made in.
    key = "rv-table-" + hashlib.sha256(str(ids).encode()).hexdigest()[:12]
    rows = [
        {
            "candidate": one,
            "feature": found.shown[one].feature_id,
            "state": states[one],
            "check": check_words(found.shown[one]).replace("\\", ""),
            "adds": len(added.new),
            "nearer": added.nearer,
            "text": found.shown[one].text,
        }
        for one, added in ((one, found.effect(one).addition) for one in ids)
    ]
    ticked = st.dataframe(
        rows,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        column_config={
            "text": st.column_config.TextColumn(width="large"),
            "adds": st.column_config.NumberColumn(help="Features that accepting it covers anew."),
            "nearer": st.column_config.NumberColumn(help="Gaps that it brings a sample nearer."),
        },
    ).selection.rows
    marked = [found.shown[ids[i]] for i in ticked if i < len(ids)]
    sure = rarely.checkbox(f"All {len(ids):,} of this filter", key=f"{key}-all")
    acting = [found.shown[one] for one in ids] if sure else marked
    seen = desk.reviews.seen_of([one.candidate_id for one in acting], desk.author)
    usual = st.container(horizontal=True)
    for choice, (word, _, icon) in BUTTONS.items():
        place = rarely if choice == "needs second review" else usual
        place.button(
            f"{word} {len(acting):,}",
            icon=icon,
            key=f"{key}-{choice}",
            on_click=desk.decide_many,
            args=(acting, choice, seen),
            **barred("review", disabled=not acting),
        )
