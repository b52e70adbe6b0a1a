"""How columns are shown, the same in every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
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


_NAMES = ("feature", "feature_id", "id", "job", "seed", "step")
"""Whole numbers that count nothing."""


def show(rows: Any, columns: Columns | None = None, **look: Any) -> None:
    """Rows as a table; what is not said of a column is seen from its values. Counts have their thousands marked."""
    said = {**numbers("localized", *_counts(rows)), **(columns or {})}
    st.dataframe(rows, hide_index=True, column_config=said, placeholder="", **look)


def _counts(rows: Any) -> list[str]:
    """The columns of whole numbers."""
    if isinstance(rows, pa.Table):
        whole = [field.name for field in rows.schema if pa.types.is_integer(field.type)]
    else:
        first = next(iter(rows), {}) if isinstance(rows, Sequence) else {}
        whole = [name for name, value in first.items() if isinstance(value, int) and not isinstance(value, bool)]
    return [name for name in whole if name not in _NAMES]


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
