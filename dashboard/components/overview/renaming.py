"""Rename a theme: a person's name holds over what its texts and models call it. Names are untrusted."""

from __future__ import annotations

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.sign_in import barred, who
from fac_core.themes.answer import Missing
from fac_core.themes.names import item_of
from fac_core.view import View
from fac_core.workflows.theme_names import names_of

_THEME, _NAME = "theme_to_rename", "new_theme_name"


def show(view: View, missing: Missing) -> None:
    """A button that opens the choice of a theme, a box for its name, and all that it was ever called."""
    themes = {item_of(theme): theme for theme in (*missing.themes, *missing.surplus)}
    with st.popover("Rename", icon=":material/edit:"):
        chosen = st.selectbox("Theme", list(themes), key=_THEME, format_func=lambda item: themes[item].name)
        theme, names = themes[chosen], names_of(view)
        seen = names.version(theme)

        def rename() -> None:
            name = st.session_state[_NAME]
            told(lambda: names.rename(theme, name, author=who(), seen=seen))
            st.session_state[_NAME] = ""

        def take_back() -> None:
            told(lambda: names.undo(theme, author=who()))

        st.text_input(
            "A better name", key=_NAME, on_change=rename, **barred("theme", help="For all who use this workspace.")
        )
        if theme.given is not None:
            st.button("Take this name back", icon=":material/undo:", on_click=take_back, **barred("theme"))
        for event in reversed(names.history(theme)):
            if event.undoes is None:
                st.caption(f"{event.at[:10]} {st_text(event.author)}: {st_text(event.payload['text'])}")
