"""One gap with its evidence, what was decided about it, and the buttons that decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.cached import answer, sides
from dashboard.components.examples import group_html, st_text
from dashboard.components.feature import detail
from dashboard.components.gaps.decisions import KEYS, Desk
from dashboard.sign_in import barred
from fac_core.curation.audit import audit
from fac_core.curation.triage import NEEDS_REASON, REASONS, Decision
from fac_core.feature import Feature
from fac_core.store.events import Event
from fac_core.view import View

_STRONGEST = 3
_AROUND = 110
"""Characters on each side of a peak: a text takes two lines at most."""


def show(desk: Desk, view: View, gap: dict[str, Any], decision: Decision, past: Sequence[Event]) -> None:
    """The card.

    Args:
        gap: the gap's row of `View.gaps`, with its theme (`gaps.themed`).
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
                **barred("triage"),
            )
        with st.popover("Reason, note, history", icon=":material/history:"):
            reasons = [reason for codes in REASONS.values() for reason in codes]
            st.selectbox("Reason", reasons, index=None, key="gap_reason", placeholder="none")
            st.text_input("Note", key="gap_note", placeholder="goes into the log with your next decision")
            _history(past)
    desk.ask_reason(feature_id)
    _decided(decision)
    _strongest(Feature(view, feature_id), gap)
    detail.show(Feature(view, feature_id))


def _strongest(feature: Feature, gap: dict[str, Any]) -> None:
    """What one decides by: the anchor's strongest texts, and why this gap stands where it does."""
    anchor, _ = answer(sides, feature, gap["delta"])
    theme = f", part of the theme {st_text(gap['theme'])}" if gap["theme"] else ""
    st.markdown(f"Active in **{gap['n_active']:,}** samples of the anchor above its threshold{theme}. The strongest:")
    top = next((group.examples[:_STRONGEST] for group in anchor.groups if group.kind == "top"), ())
    label = f"Strongest samples of feature {feature.feature_id} in {anchor.run}"
    st.html(group_html(top, label, maximum=gap["anchor_max"] or None, around=_AROUND))
    trust = f"trust in its label {gap['trust']:.2f}"
    if not gap["telling"]:
        trust += " (it says no more than letters, digits or marks)"
    st.caption(
        f"Priority {gap['priority']:.3f} = relevance {gap['relevance']:.2f} × {trust} × strength in the anchor "
        f"{gap['strength']:.2f} × rarity in your data {gap['rarity']:.2f}, each to its weight. Shortfall at equal length: "
        f"z {gap['shortfall']:.1f}."
    )


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
