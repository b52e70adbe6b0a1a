"""What those who decide have in common on all pages: undo and redo, their name, and who else is at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.sign_in import why_not
from fac_core.curation.claims import Claims


def undo_and_redo(undo: Callable[[], None], redo: Callable[[], None], *, undoes: bool, redoes: bool) -> None:
    """Each with its shortcut, where there is something to take back or to bring back."""
    if undoes:
        st.button("Undo", icon=":material/undo:", shortcut="Z", on_click=undo)
    if redoes:
        st.button("Redo", icon=":material/redo:", shortcut="Y", on_click=redo)


def ask_name(kind: str) -> None:
    """Say once, above what is disabled, why it is: whoever decides has a name, and a role that goes so far."""
    if reason := why_not(kind):
        st.caption(f":material/person: {st_text(reason)}")


def comes_up(items: Sequence[str], claims: Claims, taken: Mapping[str, str], author: str) -> str | None:
    """The first that nobody else looks at. Whoever may decide about it has it from then on."""
    if items and _may_claim(author):
        return claims.take(items, author=author)
    return next((item for item in items if item not in taken), items[0] if items else None)


def look_at(item: str, claims: Claims, taken: Mapping[str, str], author: str) -> None:
    """Say who else looks at something, and to others that this person does. Nothing is locked."""
    if who := taken.get(item):
        st.caption(f":material/visibility: {st_text(who)} is looking at this one.")
    if _may_claim(author):
        claims.look(item, author=author)


def _may_claim(author: str) -> bool:
    return bool(author) and not why_not("triage")
