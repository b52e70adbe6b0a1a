"""The dashboard's shell: pages, and the pickers that they share. `fac ui` starts it."""

from __future__ import annotations

import gc
from pathlib import Path

import streamlit as st

from dashboard.components import favourites
from dashboard.components.examples import st_text
from dashboard.components.jobs import strip
from dashboard.components.queues import close_menus
from dashboard.components.tour import guide
from dashboard.page_list import PAGES, script
from dashboard.pickers.workspace import find_workspace
from dashboard.selection import choose
from dashboard.sign_in import gate
from fac_core.errors import FacError


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:  # noqa: ARG001  # once for each page
    """Keep what the first visit of a page has loaded out of the garbage collector's way.

    It would look through 200,000 objects of modules, which are never garbage, and nothing else runs while it does.
    """
    gc.collect()
    gc.freeze()


HERE = Path(__file__).parent
st.set_page_config(page_title="FAC Explorer", page_icon=HERE / "icon.svg", layout="wide")
st.logo(HERE / "logo.svg", icon_image=HERE / "icon.svg")
acting = gate()
pages = [
    st.Page(
        script(one.name),
        title=one.name.capitalize(),
        icon=f":material/{one.icon}:",
        url_path="home" if one is PAGES[0] else one.name,  # it answers at the root
        default=one is PAGES[0],
        visibility="visible" if one.in_menu else "hidden",
        help=one.help,
    )
    for one in PAGES
]
# Who types the name of the first page gets it, and is not told that there is no such page.
by_name = st.Page(script(PAGES[0].name), url_path=PAGES[0].name, title=pages[0].title, visibility="hidden")
page = st.navigation([*pages, by_name], position="top")
st.html(HERE / "style.css")
with st.container(key="page_title"):
    st.caption(f"**{st_text(page.title)}**")
workspace = find_workspace().by(acting)
st.session_state["workspace"] = workspace
listed = next(one for one in PAGES if one.name == (page.url_path or PAGES[0].name))
try:
    if listed.in_menu:
        strip.show(workspace)
    if listed.needs_view:
        st.session_state["view"] = view = choose(workspace)
        if listed.in_menu:
            guide.show(view, listed.name)
            with st.sidebar:
                favourites.show(view, listed.name)
                guide.link(view)
    close_menus()
    page.run()
except FacError as error:  # what a page cannot be drawn without
    st.error(st_text(str(error)), icon=":material/error:")
settle(page.url_path)
