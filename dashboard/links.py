"""Links between pages that keep what is looked at, and links that are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.pickers.ranking import WEIGHTS
from fac_core.themes.theme import Theme
from fac_core.view import View

_SHARED = ("preset", "no_sinks", "no_dense", "task", "strictness", *WEIGHTS)
"""Parameters beside run and anchor that say what every page is about; the others are of single pages."""


def shared(run_id: str, anchor_id: str, params: Mapping[str, str]) -> dict[str, str]:
    """What holds on all pages. Run and anchor are always named: a default would change with the workspace."""
    return {"run": run_id, "anchor": anchor_id, **{name: params[name] for name in _SHARED if name in params}}


def kept(view: View) -> dict[str, str]:
    """What a link from this page to another keeps: read once, for a list has a thousand of them."""
    return shared(view.run.run_id, view.anchor.run_id, st.query_params.to_dict())


def link(page: str, keep: Mapping[str, str], **more: str) -> str:
    """A relative address of a page.

    >>> link("features", {"run": "a b"}, feature="3")
    'features?run=a+b&feature=3'
    """
    return f"{page}?{urlencode({**keep, **more})}"


def by_present_name(parameter: str, themes: Sequence[Theme]) -> None:
    """Where a link or a saved filter names a theme as it was called before, ask for it as it is called now.

    Before the box for the parameter is drawn, which takes no value that is none of its options.
    """
    asked = st.session_state.get(parameter) or st.query_params.get(parameter)
    if asked and all(theme.name != asked for theme in themes):
        present = next((theme.name for theme in themes if asked in theme.names), None)
        if present is not None:
            st.session_state[parameter] = present


def wrong(said: str) -> None:
    """Say that what the URL names is not there."""
    st.warning(said, icon=":material/link_off:")


def wrong_feature(parameter: str, d_sae: int) -> bool:
    """Whether the URL names a feature that there is not, which is said."""
    asked = st.query_params.get(parameter)
    if asked is None or (asked.isdecimal() and int(asked) < d_sae):
        return False
    wrong(f"There is no feature {st_text(asked)}: they go from 0 to {d_sae - 1:,}.")
    return True
