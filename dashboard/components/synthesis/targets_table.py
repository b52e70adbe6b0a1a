"""Which of the targets are written for: a table with boxes, one at the head of which ticks all or none."""

from __future__ import annotations

import hashlib

import streamlit as st

from dashboard.cached import answer
from dashboard.components.approved import Approved
from fac_core.naming.trust import TRUSTED
from fac_core.progress import counted
from fac_core.themes.theme import Theme
from fac_core.view import View

_HIGHEST, _ROW = 260, 36
"""Pixels."""
_EMPTIED = "sy_without"
"""URL and session: anchor and targets whose box somebody emptied."""
_LONGEST = 2000
"""Characters that an address is made longer by at most; what is more, a reload ticks again."""
_BEGUN = "sy_begun"
"""Session: the boxes that were ticked when the table was drawn first."""


def choose_targets(view: View, approved: Approved, theme: Theme | None) -> tuple[int, ...]:
    """All that is wanted is ticked: a person approved it. What its name is worth stands beside it.

    Args:
        theme: narrows the targets to its own; None is any.
    """
    listed = [f for f in (*approved.wanted, *approved.covered) if theme is None or f in theme.features]
    names, words = view.names(), answer(View.states, view)["words"]
    rows, doubtful = [], set()
    for feature in listed:
        score = names.trust.get(feature)
        doubt = "name not scored" if score is None else "low trust in the name" if score < TRUSTED else ""
        if doubt:
            doubtful.add(feature)
        why = "gap" if feature in approved.gaps else "too rare" if feature in approved.rare else "covered by now"
        called = names.text.get(feature) or words[feature].as_py()
        rows.append({"target": feature, "called": called, "why": why, "trust": score, "note": doubt})
    if not rows:
        st.caption("No target is of this theme.")
        return ()
    without = bool(doubtful) and st.toggle(
        f"Leave out {len(doubtful):,} whose name cannot be trusted",
        key="sy_trusted",
        help=f"Its F1 is below {TRUSTED}, or nobody scored it. A prompt that shows a wrong name misleads; the plain"
        " prompts of the local models show texts instead.",
    )
    ticked = [n for n, f in enumerate(listed) if f not in approved.covered and not (without and f in doubtful)]
    # The key changes with the rows and with what they begin with: boxes are by position, and must not outlive their list.
    key = f"sy-targets-{hashlib.sha256(str((rows, ticked)).encode()).hexdigest()[:12]}"
    emptied = _emptied(view.anchor.run_id)
    if key not in st.session_state:  # it is drawn anew, not again: then what it begins with stays
        st.session_state[_BEGUN] = [n for n in ticked if listed[n] not in emptied]
    found = st.dataframe(
        rows,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": st.session_state[_BEGUN]}},
        hide_index=True,
        height=min(_HIGHEST, _ROW * (len(rows) + 1)),
        column_config={"trust": st.column_config.NumberColumn("trust in the name", format="%.2f")},
    )
    chosen = tuple(listed[n] for n in sorted(found.selection.rows) if n < len(listed))
    left = (emptied | {listed[n] for n in ticked}) - set(chosen)
    _keep_emptied(view.anchor.run_id, left & {*approved.wanted, *approved.covered})
    st.caption(f"{len(chosen):,} of {counted(len(listed), 'target')} chosen. The box at the head ticks all or none.")
    return chosen


def _emptied(anchor_id: str) -> set[int]:
    """As this visit left them; as the address says, where it has just begun. Those of another anchor are other features."""
    of, _, said = st.session_state.get(_EMPTIED, st.query_params.get(_EMPTIED, "")).partition(":")
    return {int(one) for one in said.split(",") if one.isdecimal() and len(one) < 10} if of == anchor_id else set()


def _keep_emptied(anchor_id: str, targets: set[int]) -> None:
    st.session_state[_EMPTIED] = said = f"{anchor_id}:{','.join(map(str, sorted(targets)))}" if targets else ""
    wanted = said if len(said) < _LONGEST else ""
    if wanted == st.query_params.get(_EMPTIED, ""):  # each write is a step of the browser's history
        return
    if wanted:
        st.query_params[_EMPTIED] = wanted
    else:
        del st.query_params[_EMPTIED]
