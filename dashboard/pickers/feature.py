"""Which feature: by its number, in the URL."""

from __future__ import annotations

from typing import Any

import streamlit as st

from fac_core.view import View


def choose_feature(view: View, label: str, key: str, **look: Any) -> int | None:
    """A box for the number of a feature; None while it is empty."""
    d_sae = view.anchor.d_sae
    found = st.number_input(label, 0, d_sae - 1, value=None, key=key, bind="query-params", **look)
    return None if found is None else int(found)
