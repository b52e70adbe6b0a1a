"""How columns are shown, the same in every table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

Columns = Mapping[str, ColumnConfig | str | Any]

FEATURE: Columns = {
    "label": st.column_config.TextColumn("label", width="medium"),
    "words": st.column_config.TextColumn("peaks on", width="medium"),
    "anchor_share": st.column_config.NumberColumn("in the anchor", format="percent"),
    "run_share": st.column_config.NumberColumn("in your data", format="percent"),
    "anchor_max": st.column_config.NumberColumn("max, anchor", format="%.2f"),
    "run_max": st.column_config.NumberColumn("max, your data", format="%.2f"),
    "trust": st.column_config.NumberColumn("trust (F1)", format="%.2f"),
    "priority": st.column_config.NumberColumn("priority", format="%.3f", help="Of gaps only."),
    "cause": st.column_config.TextColumn("why missing"),
}
"""Columns of `View.features` and `View.gaps`."""


def show(rows: Any, columns: Columns | None = None, **look: Any) -> None:
    """Rows as a table; what is not said of a column is seen from its values."""
    st.dataframe(rows, hide_index=True, column_config=columns, placeholder="", **look)


def as_table(rows: Any, columns: Columns | None = None, title: str = "As a table") -> None:
    """The numbers of a figure, folded away below it."""
    with st.expander(title, icon=":material/table:"):
        show(rows, columns)


def numbers(how: str, *names: str) -> dict[str, ColumnConfig]:
    """Columns of one format: `percent`, `%.2f`, `localized`."""
    return {name: st.column_config.NumberColumn(format=how) for name in names}


def percent(*names: str) -> dict[str, ColumnConfig]:
    """Columns of shares."""
    return numbers("percent", *names)


def opens(name: str, words: str) -> ColumnConfig:
    """A column of links, which all say the same words, or what a pattern finds in them."""
    return st.column_config.LinkColumn(name, display_text=words)
