"""A person's favourites, in the sidebar: what the address names can be kept, and what was kept is found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from dashboard.cached import answer
from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.links import kept
from dashboard.page_list import script
from dashboard.sign_in import barred, who
from fac_core.curation.favourites import Favourite, Favourites, Kept
from fac_core.view import View

_NAMED: Mapping[str, tuple[tuple[str, Kept], ...]] = {
    "features": (("feature", "feature"),),
    "gaps": (("gq_gap", "feature"), ("gq_theme", "theme")),
}
"""By page, the parameters of its URL that name something to keep; the first that is there counts."""


def show(view: View, page: str) -> None:
    """The star for what is looked at, and the list. Nothing is drawn where there is neither."""
    favourites = Favourites(view.workspace.events(), view.anchor.space_id, who())
    _star(favourites, page)
    held = favourites.all()
    if held:
        with st.expander(f"Favourites, {len(held):,}", icon=":material/star:"):
            for one in held:
                _link(view, one)


def _star(favourites: Favourites, page: str) -> None:
    for parameter, what in _NAMED.get(page, ()):
        name = st.query_params.get(parameter)
        if not name or (what == "feature" and not name.isdecimal()):
            continue
        is_kept = favourites.has(what, name)
        change = partial(favourites.let_go if is_kept else favourites.keep, what, name)

        def act(change: Callable[[], object] = change) -> None:
            told(change)

        st.button(
            f"{'Let go of' if is_kept else 'Keep'} {what} {st_text(name)}",
            icon=f":material/{'star' if is_kept else 'star_border'}:",
            key="favourite",
            type="tertiary",
            on_click=act,
            **barred("favourite"),
        )
        return


def _link(view: View, one: Favourite) -> None:
    page, asked, said = "gaps", {"gq_theme": one.name}, one.name
    if one.what == "feature":
        page, asked = "features", {"feature": one.name}
        said = f"{one.name} · {answer(View.names, view).text.get(int(one.name), '')}".removesuffix(" · ")
    st.page_link(script(page), label=st_text(said), query_params={**kept(view), **asked}, help="")
