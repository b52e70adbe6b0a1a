"""Saved filters: name what a page is filtered by, find it again, delete it. They are shared by all who use the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.pickers.ranking import WEIGHTS
from dashboard.sign_in import barred, who
from fac_core.curation.saved_filters import SavedFilters
from fac_core.store.workspace import Workspace


def show(workspace: Workspace, page: str, filters: Mapping[str, Any]) -> None:
    """Draw them, for a popover.

    Args:
        filters: the keys of the page's filters, each with its value where nothing is filtered by. The ranking is saved too.
    """
    saved, name_key = SavedFilters(workspace.events(), page), f"{page}_saved_name"
    empty = {**filters, **dict.fromkeys(WEIGHTS)}

    def save() -> None:
        now = {key: st.session_state.get(key) for key in empty}
        # A weight of 0 is a choice, though it equals False.
        chosen = {key: value for key, value in now.items() if value is not False and value not in (None, "", [])}
        name = st.session_state[name_key]
        done = f"Saved for everybody: {st_text(name)}."
        if told(lambda: saved.save(name, chosen, author=who()), done, ":material/bookmark_added:"):
            st.session_state[name_key] = ""

    def delete(name: str) -> None:
        told(lambda: saved.delete(name, author=who()))

    def reopen(held: Mapping[str, Any]) -> None:
        st.session_state.update({**empty, **{key: value for key, value in held.items() if key in empty}})

    everything = saved.all()
    for one in everything:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                st_text(one.name),
                icon=":material/bookmark:",
                key=f"{page}_saved_open_{one.name}",
                help=f"Saved by {st_text(one.author)} on {one.at[:10]}.",
                on_click=reopen,
                args=(one.filters,),
            )
            st.button(
                "Delete",
                icon=":material/delete:",
                key=f"{page}_saved_delete_{one.name}",
                type="tertiary",
                on_click=delete,
                args=(one.name,),
                **barred("view"),
            )
    st.text_input("Save these filters as", key=name_key, placeholder="what they find", help="Shared with your team.")
    st.button(
        "Save the filters of this page",
        icon=":material/bookmark_add:",
        key=f"{page}_save",
        on_click=save,
        **barred("view"),
    )
