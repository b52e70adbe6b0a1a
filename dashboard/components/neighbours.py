"""What is like a feature: by the directions of the weights, and by the samples in which they fire together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import feature_sources, sources
from dashboard.components.examples import st_text
from dashboard.selection import Selection
from dashboard.theme import STATES


def show(selection: Selection, feature_id: int) -> None:
    """Two lists of neighbours with their coverage, and the tokens that the direction promotes. Read only when opened."""
    opened = st.expander(
        "Neighbours and promoted tokens",
        icon=":material/hub:",
        key="fd_neighbours",
        on_change="rerun",
        bind="query-params",
    )
    if not opened.open:
        return
    anchor = selection.workspace.run_path(selection.anchor.run_id)
    run = selection.workspace.run_path(selection.run.run_id)
    space = selection.workspace.space_path(selection.anchor.space_id)
    table = sources.states(run, anchor, selection.definition)
    by_samples = feature_sources.co_activation(anchor, feature_id, selection.definition)
    by_direction = sources.neighbours(space, feature_id) if space.exists() else []
    lists = (
        ("Nearest by direction (cosine)", by_direction, "cosine", "`fac atlas` reads the directions of the weights."),
        ("Fires together with (Jaccard)", by_samples, "jaccard", "It shares too few samples with any other feature."),
    )
    with opened:
        for column, (title, found, measure, nothing) in zip(st.columns(2), lists, strict=True):
            with column:
                st.markdown(f"**{title}**")
                if not found:
                    st.caption(nothing)
                rows = table.take([one["neighbour_id"] for one in found]).to_pylist()
                _links([(one[measure], row) for one, row in zip(found, rows, strict=True)])
        if space.exists():
            _promoted(sources.promoted(space, feature_id))


def _links(found: Sequence[tuple[float, dict[str, Any]]]) -> None:
    """One line a neighbour: how near, whether it is covered, and a link to it that keeps all other choices."""
    kept = st.query_params.to_dict()
    with st.container(gap=None):
        for measure, row in found:
            look = STATES[row["state"]]
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"`{measure:.2f}`", width="content")
                st.badge(look.word, icon=look.icon, color=look.badge)  # type: ignore[arg-type]
                st.page_link(
                    "views/features.py",
                    label=f"{row['feature_id']} · {st_text(row['words'])}",
                    query_params={**kept, "feature": str(row["feature_id"])},
                )


def _promoted(tokens: dict[int, list[str]]) -> None:
    for sign, word in ((1, "Promotes"), (-1, "Suppresses")):
        st.markdown(f"{word}: " + " ".join(f"`{_shown(token)}`" for token in tokens[sign]))


def _shown(token: str) -> str:
    """A token as code: spaces visible, without what would end the code."""
    return token.replace("`", "'").replace(" ", "␣").replace("\n", "↵") or "∅"
