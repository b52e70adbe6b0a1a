"""One gap: what would fill it first, then all that is known of it; and, in the bar at the foot, the buttons that decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.cached import answer, row_of, sides
from dashboard.components.examples import group_html, st_text
from dashboard.components.feature import detail
from dashboard.components.gaps.decisions import KEYS, Desk
from dashboard.components.queues import Act
from dashboard.sign_in import barred
from dashboard.theme import STATES, badge
from fac_core.curation.audit import audit
from fac_core.curation.triage import NEEDS_REASON, REASONS, Decision, State
from fac_core.feature import Feature
from fac_core.store.events import Event
from fac_core.view import View

_RARELY: tuple[State, ...] = ("label wrong",)
_STRONGEST = 3
_AROUND = 110
"""Characters on each side of a peak: a text takes two lines at most."""


def show(view: View, gap: dict[str, Any], decision: Decision) -> None:
    """What one decides by.

    Args:
        gap: the gap's row of `View.gaps`, with its theme (`gaps.themed`).
    """
    feature = Feature(view, gap["feature_id"])
    with st.container(horizontal=True, vertical_alignment="center"):
        label = f" · {st_text(gap['label'])}" if gap["label"] else ""
        st.subheader(f"Feature {feature.feature_id}{label}", width="content")
        badge(STATES[row_of(view, feature.feature_id)["state"]])
    _decided(decision)
    _strongest(feature, gap)
    with st.expander(
        "All that is known of it", icon=":material/info:", key="gap_known", on_change="rerun", bind="query-params"
    ) as box:
        if box.open:
            _why_here(gap)
            detail.show_known(feature)


def decide(desk: Desk, feature_id: int, decision: Decision) -> list[Act]:
    """The buttons, for a row; the question for a reason is asked in front of them. Returns what is decided less often, for *More*."""
    rarely: list[Act] = []
    for choice, (key, icon) in KEYS.items():
        word = choice.capitalize() + ("…" if choice in NEEDS_REASON else "")
        args = (feature_id, choice, decision.version)
        # A key of its own: a second click that comes before the next gap is drawn must not decide about that one.
        name = f"decide-{choice}-{feature_id}"
        if choice in _RARELY:
            rarely.append(Act(word, key, icon, desk.decide, args, name, barred("triage")))
            continue
        st.button(
            word,
            icon=icon,
            shortcut=key,
            key=name,
            type="primary" if choice == "target" else "secondary",
            on_click=desk.decide,
            args=args,
            **barred("triage"),
        )
    return rarely


def note(past: Sequence[Event]) -> None:
    """A reason and a note for the next decision, and what was decided before.

    Args:
        past: the events about this gap, the oldest first.
    """
    reasons = [reason for codes in REASONS.values() for reason in codes]
    st.selectbox("Reason", reasons, index=None, key="gap_reason", placeholder="none")
    st.text_input("Note", key="gap_note", placeholder="goes into the log with your next decision")
    _history(past)


def _strongest(feature: Feature, gap: dict[str, Any]) -> None:
    """The anchor's strongest texts: what the data would need more of."""
    anchor, _ = answer(sides, feature, gap["delta"])
    theme = f", part of the theme {st_text(gap['theme'])}" if gap["theme"] else ""
    peaks = f", peaks on {st_text(gap['words'])}" if gap["words"] else ""
    st.markdown(
        f"Active in **{gap['n_active']:,}** samples of the anchor{theme}{peaks}; in your data {gap['cause']}. The strongest:"
    )
    top = next((group.examples[:_STRONGEST] for group in anchor.groups if group.kind == "top"), ())
    label = f"Strongest samples of feature {feature.feature_id} in {anchor.run}"
    st.html(group_html(top, label, maximum=gap["anchor_max"] or None, around=_AROUND))


def _why_here(gap: dict[str, Any]) -> None:
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
