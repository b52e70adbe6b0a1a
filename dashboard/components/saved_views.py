"""Saved views: name what a page is filtered by, find it again, delete it. They are shared by all who use the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.selection import Selection
from fac_core.curation.saved_filters import Views
from fac_core.errors import FacError


def show(selection: Selection, page: str, empty: Mapping[str, Any]) -> None:
    """Draw the menu.

    Args:
        empty: the keys of the page's filters, each with its value where nothing is filtered by.
    """
    views, name_key = Views(selection.workspace.events(), page), f"{page}_view_name"

    def save() -> None:
        chosen = {key: value for key in empty if (value := st.session_state.get(key)) not in (None, "", [], False)}
        name = st.session_state[name_key]
        try:
            views.save(name, chosen, author=selection.author)
        except FacError as error:
            st.toast(st_text(str(error)), icon=":material/error:")
            return
        st.session_state[name_key] = ""
        st.toast(f"Saved for everybody: {st_text(name)}.", icon=":material/bookmark_added:")

    def open_view(filters: Mapping[str, Any]) -> None:
        st.session_state.update({**empty, **{key: value for key, value in filters.items() if key in empty}})

    with st.popover("Saved filters", icon=":material/bookmarks:", help="Filters under a name, shared with your team."):
        held = views.all()
        if not held:
            st.caption("None is saved yet. Set filters, then name them here.")
        for view in held:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.button(
                    st_text(view.name),
                    icon=":material/bookmark:",
                    key=f"{page}_view_open_{view.name}",
                    help=f"Saved by {st_text(view.author)} on {view.at[:10]}.",
                    on_click=open_view,
                    args=(view.filters,),
                )
                st.button(
                    "Delete",
                    icon=":material/delete:",
                    key=f"{page}_view_delete_{view.name}",
                    type="tertiary",
                    on_click=lambda name=view.name: views.delete(name, author=selection.author),
                )
        st.text_input("Name", key=name_key, placeholder="what these filters find")
        st.button("Save the filters of this page", icon=":material/bookmark_add:", key=f"{page}_save", on_click=save)
