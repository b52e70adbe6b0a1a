"""Which run: pickers whose choice the URL holds by the run's id, whatever the run is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.components.examples import st_text
from fac_core.progress import counted
from fac_core.store.runs.info import RunInfo

WhyNot = Callable[[str], str]
"""The id or name of a run in, the end of a sentence out."""


def _absent(_asked: str) -> str:
    return "is not here"


def first_shown(key: str, runs: list[RunInfo], newest: RunInfo) -> RunInfo:
    """What this visit has shown from its beginning: a run that comes in meanwhile is offered, and changes no subject."""
    first = st.session_state.setdefault(f"{key}_first", newest.run_id)
    return next((run for run in runs if run.run_id == first), newest)


def pick_run(
    label: str, runs: list[RunInfo], default: RunInfo, key: str, explanation: str, why_not: WhyNot = _absent
) -> RunInfo:
    """A picker with a default, which the URL does not name."""
    return choose_run(label, runs, key, f"showing {default.name}", default, why_not, help=explanation) or default


def choose_run(
    label: str,
    runs: list[RunInfo],
    key: str,
    otherwise: str,
    default: RunInfo | None,
    why_not: WhyNot = _absent,
    **look: Any,
) -> RunInfo | None:
    """The run that the URL names by its id or name, or that is chosen here; None: neither. A wrong one is said.

    What a bound box would write into the URL is what it shows, and it takes an id out of there. So the box is not
    bound: the URL says what it holds, and its change what the URL says.

    Args:
        otherwise: what is done where there is no such run, as the end of a sentence.
        default: what the box shows where the URL names none.
        why_not: what is said of a run that cannot be chosen here.
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
        st.warning(f"Run {st_text(asked)} {why_not(asked)}; {st_text(otherwise)}.", icon=":material/link_off:")
    st.session_state[held] = found
    st.session_state[box] = found or (default and default.run_id)

    def write() -> None:
        st.session_state[held] = chosen = st.session_state[box]
        st.query_params.pop(key, None)
        if chosen:
            st.query_params[key] = chosen

    st.selectbox(
        label,
        list(by_id),
        index=None if default is None else 0,  # one with a default cannot be emptied
        format_func=lambda run_id: shown[run_id],
        key=box,
        placeholder="a run",
        on_change=write,
        **look,
    )
    return by_id.get(found or "")


def told_apart(runs: list[RunInfo]) -> list[RunInfo]:
    """The same runs; those that are called the same have their ids in their names."""
    times = Counter(run.name for run in runs)
    return [run if times[run.name] == 1 else replace(run, name=f"{run.name} {run.run_id[:8]}") for run in runs]


def _shown(by_id: Mapping[str, RunInfo]) -> dict[str, str]:
    """What a run is called in a list; its id is added where two would be called the same."""
    names = {run_id: f"{run.name} · {counted(run.n_samples, 'sample')}" for run_id, run in by_id.items()}
    times = Counter(names.values())
    return {run_id: name if times[name] == 1 else f"{name} · {run_id}" for run_id, name in names.items()}
