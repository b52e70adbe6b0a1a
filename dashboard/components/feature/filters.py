"""The filters of the list of features: widgets in, `Filters` out. All of them live in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pyarrow as pa
import streamlit as st

from dashboard.cached import answer, with_text_in
from dashboard.components import saved_filters
from dashboard.components.queues import menu as draw
from dashboard.theme import STATES
from fac_core.gaps.listed import RANGES, SORTS, Bounds, Filters, hidden, histogram, kept
from fac_core.progress import counted
from fac_core.view import View

_KEYS = ("fq_state", "fq_words", "fq_text", *(f"fq_{column}_{end}" for column in RANGES for end in ("from", "to")))
_EMPTY = {key: [] if key == "fq_state" else None if key.endswith(("_from", "_to")) else "" for key in _KEYS}
SAVED = {**_EMPTY, "fq_sort": None, "fq_all": False, "fq_ranges": False}
"""What is saved under a name, with its value where nothing is chosen."""
_FOLDED = ("fq_sort", "fq_text", "fq_all")
_FEWEST_CHARACTERS = 2


def choose_words() -> None:
    """Draw the box for words, which stands beside what a page asks first; `choose` reads it."""
    st.text_input(
        "Words in label, peaks or cluster",
        key="fq_words",
        bind="query-params",
        placeholder="court, judge, …",
        type="search",
    )


def choose(view: View, table: pa.Table) -> tuple[np.ndarray, str]:
    """Draw the other filters over a table of all features, and what they hide; returns which rows are shown, bool `[rows]`, and
    in which order."""
    with st.container(horizontal=True, vertical_alignment="center"):
        states = st.pills(
            "State",
            list(STATES),
            selection_mode="multi",
            format_func=lambda state: STATES[state].word,
            key="fq_state",
            bind="query-params",
            label_visibility="collapsed",
        )
        n = sum(bool(st.session_state.get(key) or key in st.query_params) for key in _FOLDED)
        menu = draw(f"More, {counted(n, 'filter')}" if n else "More", ":material/tune:", "filter")
    with menu:
        usual = next(iter(SORTS))
        sort = st.selectbox("Order", list(SORTS), index=None, key="fq_sort", bind="query-params", placeholder=usual)
        text = st.text_input(
            "Text in examples", key="fq_text", bind="query-params", placeholder="the plaintiff …", type="search"
        )
        text = (text or "").strip()
        if 0 < len(text) < _FEWEST_CHARACTERS:
            st.caption(f"Text in examples is searched from {_FEWEST_CHARACTERS} characters on.")
        everything = st.toggle(
            "Show dead and position features",
            key="fq_all",
            bind="query-params",
            help="Dead: fires neither in the anchor nor in your data. Position: only marks the first token of a text.",
        )
        st.divider()
        saved_filters.show(view.workspace, "features", SAVED)
    ranges = _ranges(table)
    filters = Filters(
        states=tuple(states or ()),
        words=st.session_state.get("fq_words") or "",
        in_examples=answer(with_text_in, view, text) if len(text) >= _FEWEST_CHARACTERS else None,
        ranges=ranges,
        everything=everything,
    )
    reasons, mask = hidden(table, filters), kept(table, filters)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(in_words(int(mask.sum()), len(table), reasons), width="content")
        if "by your filters" in reasons:
            st.button("Clear filters", icon=":material/filter_alt_off:", type="tertiary", on_click=_clear)
    return mask, sort or usual


def in_words(n_shown: int, n: int, reasons: Mapping[str, int]) -> str:
    """How many features are shown, and how many are hidden why."""
    why = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
    return f"**{n_shown:,} of {n:,} shown**" + (f"; hidden: {why}" if why else "")


def _clear() -> None:
    """Take back every filter."""
    st.session_state.update(_EMPTY)


def _ranges(table: pa.Table) -> dict[str, Bounds]:
    """From and to for each numeric column, under a small histogram of all features."""
    opened = st.expander("Ranges", icon=":material/tune:", key="fq_ranges", on_change="rerun", bind="query-params")
    if not opened.open:
        return {column: _asked(column) for column in RANGES}
    found: dict[str, Bounds] = {}
    with opened, st.grid(len(RANGES), min_column_width=150):
        for column, name in RANGES.items():
            low, high, counts = histogram(table, column)
            with st.container():
                st.metric(
                    name.capitalize(),
                    f"{round(low, 2):g} – {round(high, 2):g}" if counts else "none yet",
                    chart_data=np.log1p(counts) if counts else None,
                    chart_type="bar",
                    help="How many of all features have how much, in 20 equal bins, on a log scale.",
                )
                with st.container(horizontal=True):
                    found[column] = (_number(column, "from"), _number(column, "to"))
    return found


def _number(column: str, end: str) -> float | None:
    return st.number_input(
        f"{RANGES[column]}, {end}",
        value=None,
        key=f"fq_{column}_{end}",
        bind="query-params",
        placeholder=end,
        label_visibility="collapsed",
        format="%g",
    )


def _asked(column: str) -> Bounds:
    """The bounds that the URL asks for while the widgets are folded away."""

    def bound(end: str) -> float | None:
        with suppress(KeyError, ValueError):
            return float(st.query_params[f"fq_{column}_{end}"])
        return None

    return bound("from"), bound("to")
