"""Where one works: the workspace, found as on the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.page_list import script
from dashboard.sign_in import barred
from fac_core.errors import FacError, NotFound
from fac_core.store.workspace import ENVIRONMENT_VARIABLE, Workspace


def find_workspace() -> Workspace:
    """The workspace, as on the command line. Stops the page with an offer to make one where there is none."""
    try:
        workspace = Workspace.find()
    except NotFound as error:
        _offer(str(error))
        st.stop()
    except FacError as error:
        st.title("Which workspace?")
        st.error(st_text(str(error)), icon=":material/error:")
        st.stop()
    return workspace


def first_run(title: str, why: str, word: str, command: str) -> NoReturn:
    """Say what to do where there is nothing to look at, and stop the page."""
    st.title(title)
    st.info(why, icon=":material/folder_open:")
    st.page_link(script("data"), label=word, icon=":material/database:")
    st.code(command, language="bash")
    st.stop()


def _offer(why: str) -> None:
    """To make a workspace: where one was named, else below the current folder."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    folder = Path(named) if named else Path.cwd() / "workspace"
    st.title("No workspace yet")
    st.info(st_text(why), icon=":material/folder_open:")
    st.button(f"Make one in {st_text(str(folder))}", on_click=_make, args=(folder,), type="primary", **barred("anchor"))
    st.caption("Or from a terminal:")
    st.code("fac demo\nfac encode DATA.jsonl --anchor", language="bash")


def _make(folder: Path) -> None:
    if acting := st.session_state.get("acting"):
        acting.check_act("workspace")
    Workspace.create(folder)
