"""What every page is about: one view, chosen in the sidebar and kept in the URL, and who looks at it."""

from __future__ import annotations

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.pickers.counting import choose_definition, choose_task, in_words, warn_of_unknown_task
from dashboard.pickers.ranking import choose_weights
from dashboard.pickers.runs import first_shown, pick_run
from dashboard.pickers.workspace import first_run
from dashboard.sign_in import choose_author, who
from fac_core.errors import FacError
from fac_core.store.workspace import Workspace
from fac_core.view import View


def choose(workspace: Workspace) -> View:
    """Draw the pickers and say what they hold. Stops the page with the next step where there is nothing to look at."""
    runs = workspace.runs()
    try:
        anchor = workspace.anchor()
    except FacError as error:
        title = "No anchor yet" if runs else "No runs yet"
        command = "fac demo\nfac encode DATA.jsonl --anchor"
        first_run(title, st_text(str(error)), "Encode a dataset, or choose the anchor", command)
    run = None
    with st.sidebar:
        first = first_shown("anchor", runs, anchor)
        anchor = pick_run("Anchor", runs, first, "anchor", "The run that says which features can occur: F(P).")
        if others := workspace.peers(anchor.space_id, besides=[anchor.run_id]):
            first = first_shown("run", others, others[-1])

            def why_not(asked: str) -> str:
                if asked in (anchor.run_id, anchor.name):
                    return "is the anchor, and cannot be its own data"
                known = any(asked in (run.run_id, run.name) for run in runs)
                return "was read by another model or SAE than the anchor" if known else "is not here"

            run = pick_run("Your data", others, first, "run", "The run whose coverage is measured.", why_not)
        choose_author()
        warn_of_unknown_task()  # in sight: what is chosen is folded away
        said = st.container()
        with st.expander("How it is counted", icon=":material/tune:"):
            definition = choose_definition()
            task, relevant = choose_task(workspace, anchor)
            weights = choose_weights()
        said.caption(in_words(definition, st_text(task) if task else None))
    if run is None:
        why = f"Encode a dataset to compare with {st_text(anchor.name)}, with the same model and SAE."
        command = f"fac encode DATA.jsonl --model {anchor.model}"
        first_run("One run is not enough", why, "Encode a dataset", command)
    return View(workspace, run, anchor, definition, relevant, task, weights)


def chosen() -> tuple[View, str]:
    """The view that a page is about, and who looks at it."""
    return st.session_state["view"], who()
