"""Which features count, which do not, and why."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.tables import percent
from dashboard.theme import STATES, badge
from fac_core.coverage.fac import Coverage
from fac_core.errors import EmptyAnchor
from fac_core.progress import counted
from fac_core.view import View


def show(view: View, result: Coverage) -> None:
    """What is not counted and why; the switches are those of the sidebar, with what each removes."""
    states = {one["values"]: one["counts"] for one in answer(View.states, view)["state"].value_counts().to_pylist()}
    with st.container(horizontal=True):
        for state, look in STATES.items():
            badge(look, f"{look.word} {states.get(state, 0):,}")
    for key, label, field, on in (
        ("no_sinks", "Features that only mark a position", "sink", replace(view.definition, exclude_sinks=True)),
        ("no_dense", "Features in over half of the anchor", "dense", replace(view.definition, exclude_dense_above=0.5)),
    ):
        try:
            removes = f"removes {getattr(answer(View.coverage, view.counted(on)).excluded, field):,}"
        except EmptyAnchor:
            removes = "leaves nothing to cover"
        mine = f"overview_{key}"
        st.session_state[mine] = bool(st.session_state.get(key))

        def mirror(key: str = key, mine: str = mine) -> None:
            st.session_state[key] = st.session_state[mine]

        st.toggle(f"{label}: {removes}", key=mine, on_change=mirror)
    excluded = result.excluded
    st.caption(
        f"Also not counted: {counted(excluded.dead, 'feature')} that the anchor does not fire often enough"
        + (f", {excluded.not_relevant:,} that do not matter for {st_text(view.task)}" if view.task else "")
        + f". {result.n_extra:,} *extra* features fire in your data alone; they do not enter FAC. Your data:"
        f" {counted(result.n_samples, 'sample')}, {counted(result.n_tokens, 'token')}; anchor: {counted(result.anchor_n_samples, 'sample')},"
        f" {counted(result.anchor_n_tokens, 'token')}."
    )
    presets = [
        {"definition": name, "FAC": one.fac, "covered": one.numerator, "of": one.denominator}
        if isinstance(one, Coverage)
        else {"definition": name, "FAC": None, "covered": None, "of": None, "why": one}
        for name, one in answer(View.presets, view).items()
    ]
    tables.show(presets, percent("FAC"))
