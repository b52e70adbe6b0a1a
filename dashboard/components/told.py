"""What a click did, or why it did not: told on the next page that is drawn."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components.examples import st_text
from fac_core.errors import Conflict, FacError


def told(act: Callable[[], object], done: str = "", icon: str | None = None) -> bool:
    """Carry out an act of a person; whether it was. What stood in its way is said.

    Args:
        done: said when it was carried out; empty says nothing. Markdown.
    """
    try:
        act()
    except (FacError, OSError) as error:
        st.toast(st_text(str(error)), icon=f":material/{'group' if isinstance(error, Conflict) else 'error'}:")
        return False
    if done:
        st.toast(done, icon=icon)
    return True
