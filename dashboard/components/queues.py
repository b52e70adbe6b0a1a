"""What those who decide have in common on all pages: undo and redo, their name, and who else is at work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components.examples import st_text
from dashboard.sign_in import why_not
from fac_core.curation.claims import Claims

Option = TypeVar("Option", bound=str)

_CLOSES = """<script>
if (!window.facMenus) {
    window.facMenus = true
    const close = inside => document.querySelectorAll("[class*=st-key-menu_] details[open] > summary").forEach(
        one => one.closest("[class*=st-key-menu_]").contains(inside) || one.click())
    document.addEventListener("pointerdown", e => e.target.closest("[data-testid=stApp]") && close(e.target))
    document.addEventListener("keydown", e => e.key === "Escape" && close(null), true)
}
</script>"""
"""A click elsewhere closes a menu, but for one on the list of a box, which hangs outside of the page."""

_TOP = """<script>
if (window.facItem !== "ITEM") {
    window.facItem = "ITEM"
    document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0)
}
</script>"""
"""Whoever decides has scrolled to the end of one text, and must not decide about the next one there."""


@dataclass(frozen=True)
class Act:
    """What is done less often than what the bar shows: it stands in *More*, and its key works without opening that."""

    word: str
    shortcut: str
    icon: str
    on_click: Callable[..., None]
    args: tuple[Any, ...] = ()
    key: str = ""
    """Of the button; its own word without one."""
    look: Mapping[str, Any] = field(default_factory=dict)


def menu(label: str, icon: str, name: str) -> DeltaGenerator:
    """A menu over the page. What it holds stays on the page while it is closed, other than in a popover, whose boxes would not
    hear that they are emptied, and say their old words again with the next click; and whose keys would not work.

    Args:
        name: of its own on the page; `style.css` knows where it opens by `more`.
    """
    with st.container(key=f"menu_{name}", width="content"):
        return st.expander(label, icon=icon, key=f"fold_{name}")


def close_menus() -> None:
    """Let a click elsewhere, and Escape, close menus, for as long as the browser shows the dashboard."""
    with st.sidebar:
        st.html(_CLOSES, unsafe_allow_javascript=True, width="content")


def more(acts: Sequence[Act]) -> DeltaGenerator:
    """Draw *More* with its acts; returns it, for what else belongs there."""
    box = menu("More", ":material/more_horiz:", "more")
    with box:
        for act in acts:
            st.button(
                act.word,
                icon=act.icon,
                shortcut=act.shortcut,
                key=act.key or f"more-{act.word}",
                type="tertiary",
                on_click=act.on_click,
                args=act.args,
                **act.look,
            )
    return box


def show_undo(undo: Callable[[], None], *, undoes: bool) -> None:
    """With its shortcut, where there is something to take back."""
    if undoes:
        st.button("Undo", icon=":material/undo:", shortcut="Z", on_click=undo)


def redoing(redo: Callable[[], None], *, redoes: bool) -> list[Act]:
    """For *More*, where there is something to bring back."""
    return [Act("Redo", "Y", ":material/redo:", redo)] if redoes else []


def asked_for(key: str, words: Mapping[Option, str]) -> list[Option]:
    """What a bound choice holds before it is drawn, on which the name of the menu that it stands in depends.

    Args:
        words: what each of its options is called, in the URL too.
    """
    held = st.session_state.get(key)
    if held is None:
        named = st.query_params.get_all(key)
        held = [option for option, word in words.items() if word in named]
    return [cast(Option, held)] if isinstance(held, str) else list(held)


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
    """Say who else looks at something, and to others that this person does. Nothing is locked. What comes up is seen from its beginning."""
    with st.sidebar:
        st.html(_TOP.replace("ITEM", hashlib.sha256(item.encode()).hexdigest()[:12]), unsafe_allow_javascript=True)
    if who := taken.get(item):
        st.caption(f":material/visibility: {st_text(who)} is looking at this one.")
    if _may_claim(author):
        claims.look(item, author=author)


def _may_claim(author: str) -> bool:
    return bool(author) and not why_not("triage")
