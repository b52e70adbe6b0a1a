"""What a feature is called: its label, how far that can be trusted, what it was made from and what came before."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import answer, seen
from dashboard.components.examples import CONTEXTS, group_html, st_text
from dashboard.components.told import told
from dashboard.sign_in import barred, who
from fac_core.errors import NotFound
from fac_core.evidence.duplicates import Distinct
from fac_core.feature import Feature
from fac_core.naming.labels import Label, Labels
from fac_core.naming.trust import TRUSTED
from fac_core.progress import counted


def show(feature: Feature) -> None:
    """The label that holds with its trust, and behind buttons what its author saw, its history and a box to rename it."""
    labels = Labels(feature.view.workspace.events(), feature.view.anchor.space_id)
    held, history = labels.of(feature.feature_id), labels.history(feature.feature_id)
    version = labels.version(feature.feature_id)

    def rename() -> None:
        name = st.session_state["new_label"]
        told(lambda: labels.rename(feature.feature_id, name, author=who(), seen=version))
        st.session_state["new_label"] = ""

    with st.container(horizontal=True, vertical_alignment="center"):
        if held is None:
            st.caption("No label. `fac label` names features by the words that set them apart.", width="content")
        else:
            st.markdown(f"**{st_text(held.text)}**", width="content")
            _trust(held)
        with st.popover("Rename", icon=":material/edit:"):
            st.text_input("A better name", key="new_label", on_change=rename, **barred("label"))
            for one in reversed(history):
                st.caption(f"{one.at[:10]} {st_text(one.author)}: {st_text(one.text)} ({st_text(one.method)})")
        if held is not None and held.seen:
            with st.popover("What its author saw", icon=":material/visibility:"):
                _seen(feature, held)


def _trust(held: Label) -> None:
    """How the label came about, and its score in words."""
    if held.trust is None:
        by = st_text(held.author if held.method == "person" else held.model or held.method)
        st.badge(f"{st_text(held.method)}: {by}", icon=":material/person:", color="gray")
        return
    measured = held.trust
    trusted = measured.f1 >= TRUSTED
    st.badge(
        f"{st_text(held.method)}, F1 {measured.f1:.2f}",
        icon=":material/verified:" if trusted else ":material/warning:",
        color="green" if trusted else "orange",
        help=f"By {st_text(measured.method)}: on {counted(measured.n_positive, 'sample')} with the feature and {measured.n_negative:,}"
        f" without it, none of them seen by its author, precision {measured.precision:.0%} and recall {measured.recall:.0%}."
        f" {'Trusted' if trusted else 'Not trusted'}: the line is at {TRUSTED}; saying yes to all scores 0.67.",
    )


def _seen(feature: Feature, held: Label) -> None:
    try:
        found = answer(seen, feature, held.run_id or "", held.seen)
    except NotFound:
        st.caption(f"{counted(len(held.seen), 'sample')} of a run that is not here.")
        return
    st.caption(f"The {counted(len(found), 'sample')} that “{st_text(held.text)}” was made from.")
    shown = [Distinct(example) for example in sorted(found, key=lambda example: -example.activation)]
    label = "Samples that the label was made from"
    st.html(group_html(shown, label, maximum=None, around=CONTEXTS["stacked"]))
