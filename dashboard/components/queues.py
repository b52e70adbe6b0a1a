"""What those who decide have in common on all pages: undo and redo, their name, and who else is at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.pickers.workspace import ANONYMOUS
from fac_core.curation.claims import Claims
from fac_core.store.events import Event


def undo_and_redo(undo: Callable[[], None], redo: Callable[[], None], *, undoes: bool, redoes: bool) -> None:
    """Both buttons, with their shortcuts."""
    st.button("Undo", icon=":material/undo:", shortcut="Z", on_click=undo, disabled=not undoes)
    st.button("Redo", icon=":material/redo:", shortcut="Y", on_click=redo, disabled=not redoes)


def ask_name(author: str, history: Sequence[Event]) -> None:
    """Whoever decides without a name shares the undo of all who do."""
    if author == ANONYMOUS and any(event.author == ANONYMOUS for event in history):
        st.caption(":material/person: Say your name in the sidebar: all without one share one undo.")


def look_at(item: str, claims: Claims, taken: Mapping[str, str], author: str) -> None:
    """Say who else looks at something, and to others that this person does. Nothing is locked."""
    if who := taken.get(item):
        st.caption(f":material/visibility: {st_text(who)} is looking at this one.")
    if author != ANONYMOUS:
        claims.look(item, author=author)
