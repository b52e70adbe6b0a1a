"""One gap with its evidence, what was decided about it, and the buttons that decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.feature import detail
from dashboard.components.gaps.decisions import KEYS, Desk
from fac_core.curation.audit import audit
from fac_core.curation.triage import NEEDS_REASON, REASONS, Decision
from fac_core.feature import Feature
from fac_core.store.events import Event
from fac_core.view import View


def show(desk: Desk, view: View, gap: dict[str, Any], decision: Decision, past: Sequence[Event]) -> None:
    """The card.

    Args:
        gap: the gap's row of `View.gaps`.
        past: the events about this gap, the oldest first.
    """
    feature_id = gap["feature_id"]
    name = f"**{st_text(gap['label'])}**, peaks on" if gap["label"] else "peaks on"
    st.markdown(f"Feature {feature_id}: {name} {st_text(gap['words']) or 'nothing'}; {gap['cause']}. Fill this gap?")
    with st.container(horizontal=True):
        for choice, (key, icon) in KEYS.items():
            st.button(
                choice.capitalize() + ("…" if choice in NEEDS_REASON else ""),
                icon=icon,
                shortcut=key,
                # A key of its own: a second click that comes before the next gap is drawn must not decide about that one.
                key=f"decide-{choice}-{feature_id}",
                type="primary" if choice == "target" else "secondary",
                on_click=desk.decide,
                args=(feature_id, choice, decision.version),
            )
    desk.ask_reason(feature_id)
    _decided(decision)
    st.markdown(f"In the anchor it is active in **{gap['n_active']:,}** samples above its threshold.")
    st.caption(
        f"Priority {gap['priority']:.3f} = relevance {gap['relevance']:.2f} × trust in its label {gap['trust']:.2f}"
        f" × strength in the anchor {gap['strength']:.2f} × rarity in your data {gap['rarity']:.2f}, each to its weight."
    )
    with st.expander("Reason, note, history", icon=":material/history:"):
        with st.container(horizontal=True):
            reasons = [reason for codes in REASONS.values() for reason in codes]
            st.selectbox("Reason", reasons, index=None, key="gap_reason", placeholder="none", width=260)
            st.text_input("Note", key="gap_note", placeholder="goes into the log with your next decision")
        _history(past)
    detail.show(Feature(view, feature_id))


def _decided(decision: Decision) -> None:
    if decision.state == "untriaged":
        return
    reason = f", {decision.reason}" if decision.reason else ""
    note = f" “{st_text(decision.note)}”" if decision.note else ""
    st.markdown(
        f"{KEYS[decision.state][1]} {st_text(decision.author)} decided **{decision.state}**{reason} on "
        f"{decision.at[:16].replace('T', ' ')} UTC.{note}"
    )


def _history(past: Sequence[Event]) -> None:
    if not past:
        st.caption("Nobody has decided about this gap yet.")
    for row in audit(past).to_pylist():
        why = f", {row['reason']}" if row["reason"] else ""
        st.caption(
            f"{row['at'][:16].replace('T', ' ')} {st_text(row['author'])}: {row['action']} "
            f"{row['from']} → {row['to']}{why} {st_text(row['note'])}"
        )
