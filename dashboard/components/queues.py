"""What those who decide have in common on all pages: undo and redo, their name, and who else is at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.components.examples import st_text
from dashboard.sign_in import why_not
from fac_core.curation.claims import Claims

_KEYS_SHOWN = {"Left": "←", "Right": "→"}


@dataclass(frozen=True)
class Act:
    """What is done less often than what the bar shows: it stands in *More*, and its key works without opening that."""

    word: str
    shortcut: str
    icon: str
    on_click: Callable[..., object]
    args: tuple[Any, ...] = ()
    key: str = ""
    """Of the button in *More*; its own word without one."""
    look: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of both buttons."""


def more(acts: Sequence[Act]) -> DeltaGenerator:
    """Draw *More* with its acts; returns it, for what else belongs there.

    What a closed menu holds is not drawn, and a shortcut listens only where its button is: so each has a second button
    that nobody sees.
    """
    box = st.popover("More", icon=":material/more_horiz:")
    with box:
        for act in acts:
            st.button(
                f"{act.word} ({_KEYS_SHOWN.get(act.shortcut, act.shortcut)})",
                icon=act.icon,
                key=act.key or f"more-{act.word}",
                type="tertiary",
                on_click=act.on_click,
                args=act.args,
                **act.look,
            )
    with st.container(key="keys"):
        for act in acts:
            st.button(
                act.word,
                shortcut=act.shortcut,
                key=f"key-{act.key or act.word}",
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


def asked_for(key: str, words: Mapping[str, str]) -> list[str]:
    """What a bound choice holds before it is drawn, on which the name of the menu that it stands in depends.

    Args:
        words: what each of its options is called, in the URL too.
    """
    held = st.session_state.get(key)
    if held is None:
        named = st.query_params.get_all(key)
        held = [option for option, word in words.items() if word in named]
    return [held] if isinstance(held, str) else list(held)


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
