"""What every page is about: workspace, run, anchor and definition, chosen in the sidebar and kept in the URL."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from fac_core.coverage.definition import CALIBRATED, PAPER, PRESETS, Definition
from fac_core.errors import FacError
from fac_core.store.run_file import RunInfo
from fac_core.store.workspace import Workspace

ANONYMOUS = "anonymous"
"""Author of what somebody decides who has not said their name."""

_PRESET_HELP = (
    "**paper**: a feature counts from one sample with any activation (δ = 0). "
    "**calibrated**: from three samples above the 75 % quantile of its activations in the anchor; "
    "far less a matter of how long the texts are."
)


@dataclass(frozen=True)
class Selection:
    """What the visitor looks at."""

    workspace: Workspace
    run: RunInfo
    anchor: RunInfo
    definition: Definition
    author: str
    """Who decides: the name that goes into the log."""


def choose() -> Selection:
    """Draw the pickers and say what they hold. Stops the page with the mend where there is nothing to look at."""
    try:
        workspace = Workspace.find()
        runs = workspace.runs()
        anchor = workspace.anchor()
    except FacError as error:
        st.title("No runs yet")
        st.info(f"{error}", icon=":material/folder_open:")
        st.code("fac demo\nfac encode DATA.jsonl --anchor", language="bash")
        st.stop()
    with st.sidebar:
        anchor = _pick("Anchor", runs, anchor.run_id, "anchor", "The run that says which features can occur: F(P).")
        others = [r for r in runs if r.space_id == anchor.space_id and r.run_id != anchor.run_id]
        if not others:
            st.info(f"Encode a dataset to compare with {anchor.name}, with the same model and SAE.")
            st.code(f"fac encode DATA.jsonl --model {anchor.model}", language="bash")
            st.stop()
        run = _pick("Your data", others, others[-1].run_id, "run", "The run whose coverage is measured.")
        definition = _definition()
        author = st.text_input("Your name", key="author", persist_state="session", placeholder="for decisions")
    return Selection(workspace, run, anchor, definition, author.strip() or ANONYMOUS)


def _pick(label: str, runs: list[RunInfo], default: str, key: str, explanation: str) -> RunInfo:
    """A run, by id in the URL. An id that there is not is said, instead of another run being shown in silence."""
    by_id = {run.run_id: run for run in reversed(runs)}
    asked = st.query_params.get(key)
    if asked is not None and asked not in by_id:
        st.warning(f"Run {asked} is not here; showing {by_id[default].name}.", icon=":material/link_off:")
    chosen = st.selectbox(
        label,
        list(by_id),
        index=None,
        format_func=lambda run_id: f"{by_id[run_id].name} · {by_id[run_id].n_samples:,} samples",
        key=key,
        bind="query-params",
        placeholder=f"{by_id[default].name} · {by_id[default].n_samples:,} samples",
        help=explanation,
    )
    return by_id.get(chosen or default, by_id[default])


def _definition() -> Definition:
    preset = st.segmented_control(
        "Definition", list(PRESETS), default=None, key="preset", bind="query-params", help=_PRESET_HELP
    )
    definition = PRESETS.get(preset or "calibrated", CALIBRATED)
    st.caption(_in_words(definition, preset is None))
    with st.expander("Leave out", icon=":material/filter_alt:"):
        sinks = st.toggle(
            "Position features", key="no_sinks", bind="query-params", help="They only mark a first token."
        )
        dense = st.toggle(
            "Features in over half of the anchor",
            key="no_dense",
            bind="query-params",
            help="They say little about a topic.",
        )
    return replace(definition, exclude_sinks=sinks, exclude_dense_above=0.5 if dense else None)


def _in_words(definition: Definition, is_default: bool) -> str:
    rule = (
        "any activation in one sample"
        if definition == PAPER
        else f"{definition.min_count} samples above the feature's {definition.quantile:.0%} anchor quantile"
    )
    return f"{'calibrated (default): ' if is_default else ''}a feature counts from {rule}."
