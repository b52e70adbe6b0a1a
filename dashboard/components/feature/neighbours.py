"""What is like a feature: by the directions of the weights, and by the samples in which they fire together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.cached import answer
from dashboard.components.examples import st_text
from dashboard.page_list import script
from dashboard.theme import STATES, badge
from fac_core.feature import Feature
from fac_core.view import View


def show(feature: Feature, on_open: Callable[[int], None] | None = None) -> None:
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
    states = answer(View.states, feature.view)
    near, together = answer(Feature.nearest, feature), answer(Feature.co_activation, feature)
    lists = (
        ("Nearest by direction (cosine)", near, "cosine", "`fac space atlas` reads the directions of the weights."),
        ("Fires together with (Jaccard)", together, "jaccard", "It shares too few samples with any other feature."),
    )
    with opened:
        for column, (title, found, measure, nothing) in zip(st.columns(2), lists, strict=True):
            with column:
                st.markdown(f"**{title}**")
                if not found:
                    st.caption(nothing)
                    continue
                rows = states.take(found["neighbour_id"]).to_pylist()
                _links(found[measure].to_pylist(), rows, measure, on_open)
        if promoted := answer(Feature.promoted, feature):
            _promoted(promoted)


def _links(
    measured: Sequence[float], rows: Sequence[dict[str, Any]], measure: str, on_open: Callable[[int], None] | None
) -> None:
    """One line a neighbour: how near, whether it is covered, and a way to it that keeps all other choices."""
    kept = st.query_params.to_dict()
    with st.container(gap=None):
        for value, row in zip(measured, rows, strict=True):
            with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
                st.markdown(f"`{value:.2f}`", width="content")
                badge(STATES[row["state"]])
                label = f"{row['feature_id']} · {st_text(row['words'])}"
                if on_open is None:
                    address = {**kept, "feature": str(row["feature_id"])}
                    st.page_link(script("features"), label=label, query_params=address)
                else:
                    key = f"{measure}-{row['feature_id']}"
                    st.button(label, key=key, type="tertiary", on_click=on_open, args=(row["feature_id"],))


def _promoted(found: pa.Table) -> None:
    for sign, word in ((1, "Promotes"), (-1, "Suppresses")):
        tokens = found.filter(pc.field("sign") == sign)["token"].to_pylist()
        st.markdown(f"{word}: " + " ".join(f"`{_shown(token)}`" for token in tokens))


def _shown(token: str) -> str:
    """A token as code: spaces visible, without what would end the code."""
    return token.replace("`", "'").replace(" ", "␣").replace("\n", "↵") or "∅"
