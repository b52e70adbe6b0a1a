"""What is like a feature: by the directions of the weights, and by the samples in which they fire together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from dashboard import feature_sources, sources
from dashboard.components.examples import st_text
from dashboard.selection import Selection
from dashboard.theme import STATES


def show(selection: Selection, feature_id: int, on_open: Callable[[int], None] | None = None) -> None:
    """Two lists of neighbours with their coverage, and the tokens that the direction promotes. Read only when opened.

    Args:
        on_open: opens a feature on this page; without it a neighbour is a link to the page of features.
    """
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
    table = sources.states(run, anchor, selection.definition, selection.relevant)
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
                rows = table.take(np.array([one["neighbour_id"] for one in found], dtype=np.int64)).to_pylist()
                _links(found, rows, measure, on_open)
        if space.exists():
            _promoted(sources.promoted(space, feature_id))


def _links(
    found: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], measure: str, on_open: Callable[[int], None] | None
) -> None:
    """One line a neighbour: how near, whether it is covered, and a way to it that keeps all other choices."""
    kept = st.query_params.to_dict()
    with st.container(gap=None):
        for one, row in zip(found, rows, strict=True):
            look = STATES[row["state"]]
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.markdown(f"`{one[measure]:.2f}`", width="content")
                st.badge(look.word, icon=look.icon, color=look.badge)  # type: ignore[arg-type]
                label = f"{row['feature_id']} · {st_text(row['words'])}"
                if on_open is None:
                    address = {**kept, "feature": str(row["feature_id"])}
                    st.page_link("views/features.py", label=label, query_params=address)
                else:
                    key = f"{measure}-{row['feature_id']}"
                    st.button(label, key=key, type="tertiary", on_click=on_open, args=(row["feature_id"],))


def _promoted(tokens: dict[int, list[str]]) -> None:
    for sign, word in ((1, "Promotes"), (-1, "Suppresses")):
        st.markdown(f"{word}: " + " ".join(f"`{_shown(token)}`" for token in tokens[sign]))


def _shown(token: str) -> str:
    """A token as code: spaces visible, without what would end the code."""
    return token.replace("`", "'").replace(" ", "␣").replace("\n", "↵") or "∅"
