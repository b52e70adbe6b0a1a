"""How one counts: the definition, what it leaves out, and the task whose features count alone."""

from __future__ import annotations

from dataclasses import replace
from typing import cast, get_args

import streamlit as st

from dashboard.components.examples import st_text
from fac_core.coverage.definition import PRESETS, Definition, Preset
from fac_core.naming.level import Level
from fac_core.progress import counted
from fac_core.relevance.rubric import built_in
from fac_core.relevance.verdicts import Relevance, relevant_ids
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace

_PRESET_HELP = (
    "**paper**: a feature counts from one sample with any activation (δ = 0). "
    "**calibrated**: from three samples above the 75 % quantile of its activations in the anchor; "
    "far less a matter of how long the texts are."
)


def choose_definition() -> Definition:
    """A preset, and what it leaves out besides."""
    preset = st.segmented_control(
        "Definition",
        list(PRESETS),
        default="calibrated",
        required=True,
        key="preset",
        bind="query-params",
        help=_PRESET_HELP,
    )
    definition = PRESETS[cast(Preset, preset)]
    sinks = st.toggle(
        "Leave out position features", key="no_sinks", bind="query-params", help="They only mark a first token."
    )
    dense = st.toggle(
        "Leave out features in over half of the anchor",
        key="no_dense",
        bind="query-params",
        help="They say little about a topic.",
    )
    return replace(definition, exclude_sinks=sinks, exclude_dense_above=0.5 if dense else None)


def warn_of_unknown_task() -> None:
    """Say that a link names a task that there is not."""
    asked = st.query_params.get("task")
    if asked is not None and asked not in built_in():
        st.warning(f"There is no task {st_text(asked)}; all features count.", icon=":material/link_off:")


def choose_task(workspace: Workspace, anchor: RunInfo) -> tuple[str | None, frozenset[int] | None]:
    """Task and the features that count for it. A task that nobody has judged leaves all, and says so."""
    task = st.selectbox(
        "Task",
        built_in(),
        index=None,
        key="task",
        bind="query-params",
        placeholder="all features",
        help="Count only the features that are relevant to a task.",
    )
    if task is None:
        return None, None
    levels = Relevance(workspace.events(), anchor.space_id, task).levels()
    if not levels:
        st.caption("Nobody has judged the features for this task: all count.")
        st.code(f"fac relevance {task}", language="bash")
        return None, None
    least = st.segmented_control(
        "Relevant from",
        [level for level in get_args(Level) if level != "no"],
        default="maybe",
        required=True,
        key="strictness",
        bind="query-params",
        help="The least verdict that counts; the paper counts from *maybe* on.",
    )
    relevant = relevant_ids(levels, least)
    st.caption(f"{len(relevant):,} of {counted(anchor.d_sae, 'feature')} count from {least} on.")
    return task, relevant


def in_words(definition: Definition, task: str | None) -> str:
    """What counts, in a sentence."""
    rule = (
        "any activation in one sample"
        if definition.quantile is None
        else f"{counted(definition.min_count, 'sample')} above the feature's {definition.quantile:.0%} anchor quantile"
    )
    of = f" Only features that matter for {task} do." if task else ""
    return f"A feature counts from {rule}.{of}"
