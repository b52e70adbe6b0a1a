"""What every page is about: workspace, run, anchor and definition, chosen in the sidebar and kept in the URL."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import streamlit as st

from dashboard.components.examples import st_text
from fac_core.coverage.definition import CALIBRATED, PAPER, PRESETS, Definition
from fac_core.errors import FacError, NotFound
from fac_core.naming.level import Level
from fac_core.relevance.rubric import built_in
from fac_core.relevance.verdicts import Relevance, relevant_ids
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import ENVIRONMENT_VARIABLE, Workspace

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
    relevant: frozenset[int] | None = None
    """The features that F is restricted to, by task and strictness; None: all."""
    task: str | None = None
    """The task whose verdicts restrict F."""


def choose(workspace: Workspace) -> Selection:
    """Draw the pickers and say what they hold. Stops the page with the next step where there is nothing to look at."""
    try:
        runs = workspace.runs()
        anchor = workspace.anchor()
    except FacError as error:
        st.title("No runs yet" if not workspace.runs() else "No anchor yet")
        st.info(st_text(str(error)), icon=":material/folder_open:")
        _to_data("Encode a dataset, or choose the anchor")
        st.code("fac demo\nfac encode DATA.jsonl --anchor", language="bash")
        st.stop()
    with st.sidebar:
        anchor = _pick("Anchor", runs, anchor.run_id, "anchor", "The run that says which features can occur: F(P).")
        others = [r for r in runs if r.space_id == anchor.space_id and r.run_id != anchor.run_id]
        run = (
            _pick("Your data", others, others[-1].run_id, "run", "The run whose coverage is measured.")
            if others
            else None
        )
        definition = _definition()
        task, relevant = _relevant(workspace, anchor)
        author = choose_author()
    if run is None:
        st.title("One run is not enough")
        st.info(f"Encode a dataset to compare with {st_text(anchor.name)}, with the same model and SAE.")
        _to_data("Encode a dataset")
        st.code(f"fac encode DATA.jsonl --model {anchor.model}", language="bash")
        st.stop()
    return Selection(workspace, run, anchor, definition, author, relevant, task)


def choose_author() -> str:
    """Who decides: the name that goes into the log."""
    name = st.text_input("Your name", key="author", persist_state="session", placeholder="for decisions")
    return name.strip() or ANONYMOUS


def find_workspace() -> Workspace:
    """The workspace, as on the command line. Stops the page with an offer to make one where there is none."""
    try:
        place = Workspace.find()
    except NotFound as error:
        _offer(str(error))
        st.stop()
    except FacError as error:
        st.title("Which workspace?")
        st.error(st_text(str(error)), icon=":material/error:")
        st.stop()
    return place


def _offer(why: str) -> None:
    """To make a workspace: where one was named, else below the current folder."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    folder = Path(named) if named else Path.cwd() / "workspace"
    st.title("No workspace yet")
    st.info(st_text(why), icon=":material/folder_open:")
    st.button(f"Make one in {st_text(str(folder))}", on_click=_make, args=(folder,), type="primary")
    st.caption("Or from a terminal:")
    st.code("fac demo\nfac encode DATA.jsonl --anchor", language="bash")


def _make(folder: Path) -> None:
    Workspace.create(folder)


def _to_data(word: str) -> None:
    st.page_link("views/data.py", label=word, icon=":material/database:")


def _pick(label: str, runs: list[RunInfo], default: str, key: str, explanation: str) -> RunInfo:
    by_id = {run.run_id: run for run in runs}
    return (
        choose_run(label, runs, key, f"showing {by_id[default].name}", _shown(by_id)[default], help=explanation)
        or (by_id[default])
    )


def choose_run(
    label: str, runs: list[RunInfo], key: str, otherwise: str, placeholder: str, **look: Any
) -> RunInfo | None:
    """The run that the URL names by its id or name, or that is chosen here; None: neither. A wrong one is said.

    What a bound box would write into the URL is what it shows, and it takes an id out of there. So the box is not
    bound: the URL says what it holds, and its change what the URL says.

    Args:
        otherwise: what is done where there is no such run, as the end of a sentence.
        look: of the box.
    """
    by_id = {run.run_id: run for run in reversed(runs)}
    shown, box, held = _shown(by_id), f"{key}_box", f"{key}_held"
    named = {run.name: run.run_id for run in runs} | {look: run_id for run_id, look in shown.items()}
    if key not in st.query_params and st.session_state.get(held) in by_id:
        st.query_params[key] = st.session_state[held]  # Streamlit clears it on the way to another page
    asked = st.query_params.get(key)
    found = asked if asked in by_id else named.get(asked or "")
    if asked and not found:
        st.warning(f"Run {st_text(asked)} is not here; {st_text(otherwise)}.", icon=":material/link_off:")
    st.session_state[held] = st.session_state[box] = found

    def write() -> None:
        st.session_state[held] = chosen = st.session_state[box]
        st.query_params.pop(key, None)
        if chosen:
            st.query_params[key] = chosen

    st.selectbox(
        label,
        list(by_id),
        index=None,
        format_func=lambda run_id: shown[run_id],
        key=box,
        placeholder=placeholder,
        on_change=write,
        **look,
    )
    return by_id.get(found or "")


def pick_run(label: str, runs: list[RunInfo], default: RunInfo, key: str, explanation: str) -> RunInfo:
    """A picker like those of the sidebar, for a page."""
    return _pick(label, runs, default.run_id, key, explanation)


def told_apart(runs: list[RunInfo]) -> list[RunInfo]:
    """The same runs; those that are called the same have their ids in their names."""
    times = Counter(run.name for run in runs)
    return [run if times[run.name] == 1 else replace(run, name=f"{run.name} {run.run_id[:8]}") for run in runs]


def _shown(by_id: Mapping[str, RunInfo]) -> dict[str, str]:
    """What a run is called in a list; its id is added where two would be called the same."""
    names = {run_id: f"{run.name} · {run.n_samples:,} samples" for run_id, run in by_id.items()}
    times = Counter(names.values())
    return {run_id: name if times[name] == 1 else f"{name} · {run_id}" for run_id, name in names.items()}


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


def _relevant(workspace: Workspace, anchor: RunInfo) -> tuple[str | None, frozenset[int] | None]:
    """Task and the features that count for it. A task that nobody has judged leaves all, and says so."""
    asked = st.query_params.get("task")
    if asked is not None and asked not in built_in():
        st.warning(f"There is no task {st_text(asked)}; all features count.", icon=":material/link_off:")
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
        default=None,
        key="strictness",
        bind="query-params",
        help="The least verdict that counts; the paper counts from *maybe* on, which is the default.",
    )
    relevant = relevant_ids(levels, least or "maybe")
    st.caption(f"{len(relevant):,} of {anchor.d_sae:,} features count from {least or 'maybe (default)'} on.")
    return task, relevant


def _in_words(definition: Definition, is_default: bool) -> str:
    rule = (
        "any activation in one sample"
        if definition == PAPER
        else f"{definition.min_count} samples above the feature's {definition.quantile:.0%} anchor quantile"
    )
    return f"{'calibrated (default): ' if is_default else ''}a feature counts from {rule}."
