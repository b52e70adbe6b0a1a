"""One feature: what fires it, how strongly, how well the data covers it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import sources
from dashboard.components import examples, try_text
from dashboard.components.examples import st_text
from dashboard.figures import histogram
from dashboard.selection import Selection
from dashboard.theme import STATES
from fac_core.errors import FacError
from fac_core.features.labels import Labels

_N_EXAMPLES = 20


def show(selection: Selection, feature_id: int, row: dict[str, Any]) -> None:
    """The whole of a feature's page. `row` is its row of `sources.states`."""
    run = selection.workspace.run_path(selection.run.run_id)
    anchor = selection.workspace.run_path(selection.anchor.run_id)
    look = STATES[row["state"]]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Feature {feature_id}")
        st.badge(look.word, icon=look.icon, color=look.badge)  # type: ignore[arg-type]
    _name(selection, feature_id)
    st.markdown(f"Peaks on: **{st_text(row['words']) or 'nothing in the anchor'}**")
    if cause := sources.causes(run, anchor, selection.definition).get(feature_id):
        st.markdown(f"Why it is missing: **{cause[0]}**. {cause[1]}")
    with st.grid(4):
        st.metric("Density in the anchor", f"{row['anchor_share']:.2%}", help="Samples with any activation.")
        st.metric("Density in your data", f"{row['run_share']:.2%}")
        st.metric("Strongest in the anchor", f"{row['anchor_max']:.2f}")
        st.metric("Strongest in your data", f"{row['run_max']:.2f}", help=f"δ of this feature is {row['delta']:.2f}.")
    _histogram(anchor, feature_id, row)
    _space(selection, feature_id)
    around = examples.choose_context()
    left, right = st.columns(2)
    with left:
        st.markdown(f"**What fires it**, in {st_text(selection.anchor.name)}")
        _list(anchor, feature_id, row["anchor_max"], around, "Silent in the anchor: nothing to show.")
    with right:
        st.markdown(f"**The strongest in your data**, {st_text(selection.run.name)}")
        _list(
            run, feature_id, row["anchor_max"], around, "Never fires in your data. What would fire it is on the left."
        )
    st.caption(f"Heat is relative to this feature's maximum in the anchor, {row['anchor_max']:.2f}.")
    try_text.show(selection, feature_id)


def _name(selection: Selection, feature_id: int) -> None:
    """What the feature is called, how far the name can be trusted, what it was called before, and a box to rename it."""
    labels = Labels(selection.workspace.events(), selection.anchor.space_id)
    history = labels.history(feature_id)
    held = labels.all().get(feature_id)
    if held is None:
        st.caption("No label. `fac label` names features by the words that set them apart.")
    else:
        score = f"predicts unseen samples with F1 {held.trust.f1:.2f}" if held.trust else f"by {st_text(held.author)}"
        st.markdown(f"**{st_text(held.text)}** · {held.method}, {score}")

    def rename() -> None:
        try:
            labels.rename(feature_id, st.session_state["new_label"], author=selection.author)
        except FacError as error:
            st.toast(str(error), icon=":material/error:")
        st.session_state["new_label"] = ""

    with st.popover("Rename", icon=":material/edit:"):
        st.text_input("A better name", key="new_label", on_change=rename)
        for one in reversed(history):
            st.caption(f"{one.at[:10]} {st_text(one.author)}: {st_text(one.text)}")


def _space(selection: Selection, feature_id: int) -> None:
    """What the weights say: nearest directions, and the tokens that the direction promotes."""
    path = selection.workspace.space_path(selection.anchor.space_id)
    if not path.exists():
        return
    words = sources.words(selection.workspace.run_path(selection.anchor.run_id))
    with st.expander("Neighbours and promoted tokens", icon=":material/hub:"):
        near = [
            {"feature": n["neighbour_id"], "cosine": n["cosine"], "peaks on": words[int(n["neighbour_id"])]}
            for n in sources.neighbours(path, feature_id)
        ]
        st.dataframe(near, hide_index=True, column_config={"cosine": st.column_config.NumberColumn(format="%.2f")})
        tokens = sources.promoted(path, feature_id)
        for sign, word in ((1, "Promotes"), (-1, "Suppresses")):
            st.markdown(f"{word}: " + " ".join(f"`{t.strip().replace('`', '') or '␣'}`" for t in tokens[sign]))


def _histogram(anchor: Path, feature_id: int, row: dict[str, Any]) -> None:
    counts = sources.statistics(anchor, feature_id)["histogram"]
    if counts:
        figure = histogram.activations(counts, row["anchor_max"], row["delta"])  # type: ignore[arg-type]
        st.plotly_chart(figure, key=f"histogram-{feature_id}", alt="Distribution of the feature's anchor activations")


def _list(path: Path, feature_id: int, maximum: float, around: int | None, empty: str) -> None:
    found = sources.examples(path, feature_id, _N_EXAMPLES)
    if found:
        examples.show(found, maximum, around)
    else:
        st.info(empty)
