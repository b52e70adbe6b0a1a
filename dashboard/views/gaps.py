"""Gaps: decide which missing features to target, one at a time or in bulk."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pyarrow as pa
import streamlit as st

from dashboard import sources
from dashboard.components import feature_detail
from dashboard.components.examples import st_text
from dashboard.selection import Selection
from fac_core.curation.triage import REASONS, Decision, State, Triage, counts
from fac_core.errors import Conflict, FacError
from fac_core.features.labels import Labels, trust_of
from fac_core.features.priority import priority

_KEYS: dict[State, tuple[str, str]] = {
    "target": ("A", ":material/check:"),
    "not relevant": ("X", ":material/close:"),
    "label wrong": ("L", ":material/label_off:"),
    "later": ("S", ":material/schedule:"),
}
"""Shortcut and icon of each decision; the same key always means the same."""

selection: Selection = st.session_state["selection"]
triage = Triage(selection.workspace.events(), selection.anchor.run_id)
try:
    found = sources.gaps(
        selection.workspace.run_path(selection.run.run_id),
        selection.workspace.run_path(selection.anchor.run_id),
        selection.definition,
        selection.relevant,
    )
    table = sources.states(
        selection.workspace.run_path(selection.run.run_id),
        selection.workspace.run_path(selection.anchor.run_id),
        selection.definition,
        selection.relevant,
    )
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
decisions = triage.decisions()
words = table["words"].to_pylist()
named = Labels(selection.workspace.events(), selection.anchor.space_id).all()
of_gaps = table.take(found["feature_id"].cast(pa.int64()))
nearness = of_gaps["run_max"].to_numpy() / np.maximum(of_gaps["delta"].to_numpy(), np.finfo(np.float32).tiny)
ranked = {row["feature_id"]: row for row in priority(found, nearness, trust=trust_of(named)).to_pylist()}
queue_ids = list(ranked)


def told(act: Callable[[], object]) -> None:
    """Carry out a decision and say what came of it on the next page that is drawn."""
    try:
        act()
    except Conflict as conflict:
        st.toast(str(conflict), icon=":material/group:")


def decide(feature_id: int, state: State, seen: int) -> None:
    reason = st.session_state.get("gap_reason") or ""
    reason = reason if reason in REASONS[state] else ""
    note = st.session_state.get("gap_note") or ""
    told(lambda: triage.decide(feature_id, state, author=selection.author, seen=seen, reason=reason, note=note))
    st.session_state["gap_note"] = ""
    st.toast(f"Feature {feature_id}: {state}.", icon=_KEYS[state][1])


def decide_all(feature_ids: list[int], state: State) -> None:
    told(lambda: triage.decide_many(feature_ids, state, author=selection.author))
    st.toast(f"{len(feature_ids):,} gaps: {state}. One undo takes it back.", icon=_KEYS[state][1])


def undo() -> None:
    undone = triage.undo(triage.last(selection.author), author=selection.author)
    st.session_state["gap_undone"] = undone
    st.toast(f"Took back {len(undone):,} of your decisions.", icon=":material/undo:")


def redo() -> None:
    redone = triage.undo(st.session_state.pop("gap_undone", []), author=selection.author)
    st.toast(f"{len(redone):,} decisions are back.", icon=":material/redo:")


def queue(state: str | None, asked: str, cluster: str) -> list[int]:
    """The gaps in a state and cluster whose words contain what was asked for, the highest priority first."""
    inside = sources.in_part(
        selection.workspace.run_path(selection.anchor.run_id),
        selection.workspace.space_path(selection.anchor.space_id),
        cluster,
    )

    def holds(feature_id: int) -> bool:
        held = decisions[feature_id].state if feature_id in decisions else "untriaged"
        is_inside = inside is None or feature_id in inside
        return (
            is_inside and held == (state or "untriaged") and all(w in words[feature_id] for w in asked.lower().split())
        )

    return [f for f in queue_ids if holds(f)]


def card(feature_id: int, decision: Decision) -> None:
    """One gap with its evidence and the buttons."""
    row = found.filter(pa.array(found["feature_id"].to_numpy() == feature_id)).to_pylist()[0]
    st.markdown(f"In the anchor it is active in **{row['n_active']:,}** samples ({row['share']:.1%}).")
    parts = ranked[feature_id]
    st.caption(
        f"Priority {parts['priority']:.3f} = relevance {parts['relevance']:.2f} × trust in its label {parts['trust']:.2f}"
        f" × strength in the anchor {parts['strength']:.2f} × rarity in your data {parts['rarity']:.2f}"
    )
    if decision.version and decision.state != "untriaged":
        reason = f", {decision.reason}" if decision.reason else ""
        st.caption(
            f"{st_text(decision.author)} decided **{decision.state}**{reason} on {decision.at[:16].replace('T', ' ')} UTC."
        )
    with st.container(horizontal=True):
        for state, (key, icon) in _KEYS.items():
            st.button(
                f"{state.capitalize()}",
                icon=icon,
                shortcut=key,
                key=f"decide-{state}",
                type="primary" if state == "target" else "secondary",
                on_click=decide,
                args=(feature_id, state, decision.version),
            )
    with st.container(horizontal=True):
        reasons = [reason for codes in REASONS.values() for reason in codes]
        st.selectbox("Reason", reasons, index=None, key="gap_reason", placeholder="none", width=260)
        st.text_input("Note", key="gap_note")
    feature_detail.show(selection, feature_id, table.slice(feature_id, 1).to_pylist()[0])


def bulk(feature_ids: list[int]) -> None:
    """The whole filter at once."""
    state: State = st.selectbox("Apply to all", list(_KEYS), key="bulk_state", format_func=str.capitalize)
    sure = st.checkbox(f"Yes, all {len(feature_ids):,} gaps of this filter", key=f"bulk_sure_{len(feature_ids)}")
    st.button(
        f"Mark {len(feature_ids):,} as {state}",
        disabled=not (sure and feature_ids),
        on_click=decide_all,
        args=(feature_ids, state),
    )
    st.dataframe(
        found.filter(pa.array(np.isin(found["feature_id"].to_numpy(), np.array(feature_ids)))).select(
            ["feature_id", "peak_token", "snippet", "n_active", "share", "max", "nearest_activation"]
        ),
        hide_index=True,
        column_config={"share": st.column_config.NumberColumn("of the anchor", format="percent")},
    )


done = counts(decisions, queue_ids)
with st.container(horizontal=True, vertical_alignment="bottom"):
    state = st.pills(
        "Queue",
        list(get_args(State)),
        format_func=lambda s: f"{s.capitalize()} {done[s]:,}",
        key="gq_state",
        bind="query-params",
    )
    asked = st.text_input("Words at its peaks", key="gq_words", bind="query-params")
    cluster = st.text_input("Part", key="gq_cluster", bind="query-params", help=sources.PART_HELP)
    st.button("Undo", icon=":material/undo:", shortcut="Z", on_click=undo, disabled=not triage.last(selection.author))
    st.button(
        "Redo", icon=":material/redo:", shortcut="Y", on_click=redo, disabled=not st.session_state.get("gap_undone")
    )
ids = queue(state, asked or "", cluster or "")
triaged = len(queue_ids) - done["untriaged"]
st.progress(
    triaged / max(1, len(queue_ids)), f"{triaged:,} of {len(queue_ids):,} gaps decided; {done['target']:,} targets"
)
if not ids:
    done_word = (
        "Nothing left in this queue." if queue_ids else "There is no gap: your data fires all that the anchor does."
    )
    st.success(done_word, icon=":material/task_alt:")
    st.stop()
one_at_a_time = st.segmented_control("View", ["one at a time", "all"], default=None, key="gq_view", bind="query-params")
if one_at_a_time == "all":
    bulk(ids)
else:
    position = st.number_input("Place in the queue", 1, len(ids), key="gq_place", width=160)
    card(ids[position - 1], triage.decision(ids[position - 1]))
