"""What the buttons of the triage queue do. All of it runs in callbacks, acts on ids, and ends in the log."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from fac_core.curation.triage import NEEDS_REASON, REASONS, Decision, State, Triage
from fac_core.errors import Conflict, FacError
from fac_core.progress import counted
from fac_core.store.events import Event
from fac_core.themes.theme import Theme
from fac_core.view import View
from fac_core.workflows.themes import triage_theme

KEYS: dict[State, tuple[str, str]] = {
    "target": ("A", ":material/check:"),
    "not relevant": ("X", ":material/close:"),
    "label wrong": ("L", ":material/label_off:"),
    "later": ("S", ":material/schedule:"),
}
"""Shortcut and icon of each decision; the same key always means the same."""

_ASKING, _CONFLICT = "gap_asking", "gap_conflict"
"""Session: the decision that waits for its reason; the one that somebody else's stood in the way of."""

AT = "gap_at"
"""Session: which gap is looked at, and what was asked for then."""


class Desk:
    """One person deciding about the gaps of an anchor."""

    def __init__(self, triage: Triage, author: str) -> None:
        self.triage = triage
        self.author = author

    def decide(self, feature_id: int, state: State, seen: int, reason: str = "") -> None:
        """Decide, or ask for the reason first where one is needed."""
        reason = reason or _chosen_reason(state)
        if state in NEEDS_REASON and not reason:
            self._ask(feature_id, state, seen)
            return
        st.session_state.pop(_ASKING, None)
        note = st.session_state.get("gap_note") or ""
        try:
            self.triage.decide(feature_id, state, author=self.author, seen=seen, reason=reason, note=note)
        except Conflict as conflict:
            held = self.triage.decision(feature_id)
            if (held.author, held.state) != (self.author, state):  # else this is the second click of two
                st.session_state[_CONFLICT] = (feature_id, state, reason, conflict.event)
            return
        except FacError as error:
            st.toast(st_text(str(error)), icon=":material/error:")
            return
        st.session_state["gap_note"], st.session_state["gap_reason"] = "", None
        if st.session_state.get("gq_stay"):
            st.session_state["gq_gap"] = feature_id
        st.toast(f"Feature {feature_id}: {state}. Undo with Z.", icon=KEYS[state][1])

    def _ask(self, feature_id: int, state: State, seen: int) -> None:
        """Wait for a reason, unless somebody has decided since: then the queue goes on, and nobody would see the question."""
        past = self.triage.history(feature_id)
        if past and past[-1].version > seen:
            st.session_state[_CONFLICT] = (feature_id, state, "", past[-1])
        else:
            st.session_state[_ASKING] = (feature_id, state, seen)

    @property
    def asking(self) -> int | None:
        """The gap whose decision waits for its reason: nobody else's decision may take the question away."""
        return st.session_state.get(_ASKING, (None,))[0]

    def decide_many(self, feature_ids: Collection[int], state: State, reason: str, seen: Mapping[int, int]) -> None:
        """One decision about many gaps; those that somebody decided in the meantime are left, and counted."""
        try:
            done = self.triage.decide_many(feature_ids, state, author=self.author, reason=reason, seen=seen)
        except FacError as error:
            st.toast(st_text(str(error)), icon=":material/error:")
            return
        left = len(feature_ids) - len(done)
        st.toast(
            f"{counted(len(done), 'feature')}: {state}. One undo takes it back."
            + (f" {left:,} were left: others have decided them since you looked." if left else ""),
            icon=KEYS[state][1],
        )

    def decide_theme(self, view: View, theme: Theme, state: State, reason: str, seen: Mapping[int, int]) -> None:
        """One decision about a whole theme."""
        try:
            done = triage_theme(view, theme, state, author=self.author, reason=reason, seen=seen)
        except FacError as error:
            st.toast(st_text(str(error)), icon=":material/error:")
            return
        st.session_state.pop(AT, None)
        left = len(theme.features) - len(done)
        st.toast(
            f"{st_text(theme.name)}, {counted(len(done), 'feature')}: {state}. One undo takes it back."
            + (f" {left:,} were left: somebody has decided them otherwise." if left else ""),
            icon=KEYS[state][1],
        )

    def undo(self) -> None:
        st.session_state.pop(AT, None)  # what is taken back comes up again
        undone: list[Event] = []
        if told(lambda: undone.extend(self.triage.undo(self.triage.last(self.author), author=self.author))):
            st.toast(f"Took back {counted(len(undone), 'decision')} of yours.", icon=":material/undo:")

    def redo(self) -> None:
        redone: list[Event] = []
        if told(lambda: redone.extend(self.triage.redo(author=self.author))):
            st.toast(f"Brought back {counted(len(redone), 'decision')}.", icon=":material/redo:")

    def ask_reason(self, feature_id: int) -> None:
        """The reasons to choose from, where a decision about this gap waits for one."""
        if self.asking != feature_id:
            return
        state: State
        _, state, seen = st.session_state[_ASKING]
        st.markdown(f"**Why {state}?** Whoever comes later must see the reason.")
        with st.container(horizontal=True):
            for number, reason in enumerate(REASONS[state], 1):
                st.button(
                    reason.capitalize(),
                    shortcut=str(number),
                    key=f"reason-{number}-{feature_id}",
                    on_click=self.decide,
                    args=(feature_id, state, seen, reason),
                )
            st.button("Cancel", shortcut="Escape", on_click=st.session_state.pop, args=(_ASKING, None), type="tertiary")

    def show_conflict(self, decisions: Mapping[int, Decision]) -> None:
        """Both decisions, where somebody else's came first: nothing was overwritten, and one can still decide."""
        waiting = st.session_state.get(_CONFLICT)
        if not waiting:
            return
        feature_id, state, reason, theirs = waiting
        held = decisions.get(feature_id)
        why = f" ({theirs.payload['reason']})" if theirs.payload.get("reason") else ""
        st.warning(
            f"{st_text(theirs.author)} decided feature {feature_id} after you looked: "
            f"**{theirs.payload.get('state', 'untriaged')}**{why}, {theirs.at[11:16]} UTC. "
            f"Your decision, **{state}**, was not recorded.",
            icon=":material/group:",
        )
        with st.container(horizontal=True):
            st.button("Keep theirs", on_click=st.session_state.pop, args=(_CONFLICT, None))
            st.button(
                f"Decide {state} all the same",
                on_click=self._insist,
                args=(feature_id, state, held.version if held else theirs.version, reason),
            )

    def _insist(self, feature_id: int, state: State, seen: int, reason: str) -> None:
        st.session_state.pop(_CONFLICT, None)
        self.decide(feature_id, state, seen, reason)


def _chosen_reason(state: State) -> str:
    """What stands in the box, if it is a reason for this decision."""
    reason = st.session_state.get("gap_reason") or ""
    return reason if reason in REASONS[state] else ""
