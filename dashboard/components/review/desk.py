"""What the buttons of the review queue do. All of it runs in callbacks, acts on ids, and ends in the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.components.jobs.asking import ask
from dashboard.components.told import told
from dashboard.theme import DECISIONS
from fac_core.curation.acceptance import needs_note
from fac_core.curation.review import REASONS, Choice, Reviews
from fac_core.curation.wording import parts, reworded
from fac_core.progress import counted
from fac_core.store.events import Event
from fac_core.store.workspace import Workspace
from fac_core.synthesis.candidates import Candidate

BUTTONS: dict[Choice, tuple[str, str, str]] = {
    "accepted": ("Accept", "A", ":material/check:"),
    "rejected": ("Reject", "X", ":material/close:"),
    "skipped": ("Skip", "S", ":material/redo:"),
    "needs second review": ("Second opinion", "O", ":material/group:"),
}
"""Word, shortcut and icon of each decision; the same key always means the same."""

AT = "candidate"
"""Session and URL: the candidate that was asked for; empty is what comes up."""
PLACE = "rv_place"
"""Session: for whom which candidate came up."""
NEXT = "rv_next"
"""Session, until it was looked for: where in the queue the next one may be, as others may have it by then; empty is its beginning."""
EDITING = "rv_editing"
"""Session: the candidate whose words are being changed."""
_ASKING = "rv_asking"
"""Session: the decision that waits for its reason or note."""


class ReviewDesk:
    """One person reviewing the candidates of a batch."""

    def __init__(self, workspace: Workspace, batch_id: str, author: str) -> None:
        self.workspace = workspace
        self.batch_id = batch_id
        self.reviews = Reviews(workspace.events(), batch_id)
        self.author = author

    def go(self, candidate_id: str | None, begin: str | None = None) -> None:
        """Show a candidate; None is the first that is free, from `begin` or from the beginning of the queue on."""
        st.session_state[AT] = candidate_id or ""
        st.session_state[NEXT] = begin or "" if candidate_id is None else None
        st.session_state[EDITING] = st.session_state[_ASKING] = None

    def holds(self, candidate_id: str) -> bool:
        """Whether something is asked or written about a candidate: no decision of others may take it away."""
        return candidate_id in (st.session_state.get(EDITING), (st.session_state.get(_ASKING) or ("",))[0])

    def decide(self, candidate: Candidate, choice: Choice, seen: int, following: str | None, reason: str = "") -> None:
        """Decide, or ask first: a rejection has a reason, and what is accepted against its check a note."""
        icon = BUTTONS[choice][2]
        note = st.session_state.get("rv_note") or ""
        if (choice == "rejected" and not reason) or (choice == "accepted" and needs_note(candidate) and not note):
            st.session_state[_ASKING] = (candidate.candidate_id, choice, seen, following)
            return

        def act() -> None:
            self.reviews.decide(candidate, choice, author=self.author, seen=seen, reason=reason, note=note)

        if told(act, f"{DECISIONS[choice].word}. Z takes it back.", icon):
            st.session_state["rv_note"], st.session_state[_ASKING] = "", None
            self.go(candidate.candidate_id if st.session_state.get("rv_stay") else None, begin=following)

    def ask_why(self, candidate: Candidate) -> None:
        """The question, where a decision about this candidate waits for its answer."""
        asking = st.session_state.get(_ASKING)
        if not asking or asking[0] != candidate.candidate_id:
            return
        _, choice, seen, following = asking
        st.markdown("**Why reject it?**" if choice == "rejected" else f"**It is {candidate.verdict}. Why accept it?**")
        with st.container(horizontal=True):
            if choice == "rejected":
                for number, reason in enumerate(REASONS, 1):
                    st.button(
                        reason.capitalize(),
                        shortcut=str(number),
                        key=f"rv-reason-{number}",
                        on_click=self.decide,
                        args=(candidate, choice, seen, following, reason),
                    )
            else:
                st.text_input(
                    "Why", key="rv_note", placeholder="goes into the log", label_visibility="collapsed", width=360
                )
                st.button("Accept with this note", on_click=self.decide, args=(candidate, choice, seen, following))
            st.button("Cancel", shortcut="Escape", on_click=st.session_state.pop, args=(_ASKING, None), type="tertiary")

    def decide_many(self, candidates: Sequence[Candidate], choice: Choice, seen: Mapping[str, int]) -> None:
        icon = BUTTONS[choice][2]
        reason = (st.session_state.get("rv_reason") or "") if choice == "rejected" else ""
        note = st.session_state.get("rv_note") or ""

        def act() -> None:
            self.reviews.decide_many(candidates, choice, author=self.author, reason=reason, note=note, seen=seen)

        told(act, f"{DECISIONS[choice].word}: {counted(len(candidates), 'candidate')}. One undo takes it back.", icon)

    def undo(self) -> None:
        undone: list[Event] = []
        told(lambda: undone.extend(self.reviews.undo(self.reviews.last(self.author), author=self.author)))
        if undone:
            self.go(undone[-1].item.partition(":")[0])
            st.toast(f"Took back {counted(len(undone), 'decision')} of yours.", icon=":material/undo:")

    def redo(self) -> None:
        redone: list[Event] = []
        if told(lambda: redone.extend(self.reviews.undo(self.reviews.last_undone(self.author), author=self.author))):
            st.toast(f"Brought back {counted(len(redone), 'decision')}.", icon=":material/redo:")

    def start_editing(self, candidate_id: str) -> None:
        st.session_state[EDITING] = candidate_id

    def save_edit(self, candidate: Candidate) -> None:
        """The words in the form become a new version, which the worker has yet to measure."""
        edited = {name: st.session_state[f"rv_edit_{name}"] for name in parts(candidate)}
        text, fields = reworded(candidate, edited)
        done = "Saved as a new version. It can be accepted once it was verified."
        if told(lambda: self.reviews.edit(candidate, text, fields=fields, author=self.author), done, ":material/edit:"):
            st.session_state[EDITING] = None

    def verify(self) -> None:
        ask(self.workspace, "verify_edits", {"batch_id": self.batch_id}, "Measuring the edits", "bolt")
