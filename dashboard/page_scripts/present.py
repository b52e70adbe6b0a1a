"""Present: the answer and its themes for a room to look at, large, one thing a screen; where one is stands in the URL."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

import dashboard
from dashboard.cached import answer
from dashboard.components.examples import st_text
from dashboard.components.presentation import screens
from dashboard.components.presentation.showpiece import showpieces
from dashboard.components.presentation.slides import WITHOUT_SAMPLE, Slide, place_of, slides
from dashboard.links import kept, wrong
from dashboard.page_list import script
from dashboard.selection import chosen
from fac_core.view import View

_PART, _THEME = "pr_part", "pr_theme"

view, author = chosen()
st.html(Path(dashboard.__file__).with_name("present.css"))
themes = answer(View.missing, view).themes
written = showpieces(view, themes, author)
deck = slides(themes, written)


def go(slide: Slide) -> None:
    """Show a screen: a link to it is what the URL then says."""
    for key, value in ((_PART, slide.part), (_THEME, slide.theme and slide.theme.name)):
        st.query_params.pop(key, None)
        if value and slide.theme:
            st.query_params[key] = value


def leave(slide: Slide) -> None:
    """A link to the page that says more of what is shown."""
    page, asked = "overview", {}
    if slide.theme is not None and slide.part in WITHOUT_SAMPLE:
        page, asked = "gaps", {"gq_theme": slide.theme.name}
    elif slide.theme is not None:
        one = written[slide.theme.name].candidate
        page, asked = "review", {"batch": one.batch_id, "candidate": one.candidate_id}
    st.page_link(script(page), label="Leave", icon=":material/close:", query_params={**kept(view), **asked}, help="")


part, theme = st.query_params.get(_PART), st.query_params.get(_THEME)
place = place_of(deck, part, theme)
if place is None:
    wrong(f"There is no screen {st_text(part or '')} of {st_text(theme or 'no theme')}: this is the first.")
    place = 0
with st.container(key="slide"):
    screens.show(view, deck[place], written)
with st.bottom.container(horizontal=True, vertical_alignment="center", gap="small"):
    before, after = deck[max(0, place - 1)], deck[min(place + 1, len(deck) - 1)]
    st.button("Previous", shortcut="Left", on_click=go, args=(before,), disabled=not place)
    last = place == len(deck) - 1
    st.button("Next", shortcut="Right", type="primary", on_click=go, args=(after,), disabled=last)
    st.caption(f"{place + 1} of {len(deck)}", width="content")
    leave(deck[place])
