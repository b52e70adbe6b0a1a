"""FAC beside the older measures of diversity, for all runs of the space; behind a button, since it reads all texts."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import comparison_sources
from dashboard.selection import Selection
from fac_core.diversity.table import METRICS
from fac_core.errors import FacError


def show(selection: Selection) -> None:
    st.subheader("Diversity beside FAC")
    peers = [i.run_id for i in selection.workspace.runs() if i.space_id == selection.anchor.space_id]
    st.button(
        f"Measure {len(peers)} datasets at equal size",
        icon=":material/straighten:",
        on_click=lambda: st.session_state.update(diversity_asked=True),
    )
    if not st.session_state.get("diversity_asked"):
        st.caption("Words, grammar and meaning, by the measures that papers print. The first time takes minutes.")
        return
    try:
        found = comparison_sources.diversity(tuple(peers), selection.anchor.run_id, selection.workspace.folder)
    except FacError as error:
        st.error(str(error), icon=":material/error:")
        return
    names = [row["run"] for row in found["rows"]]
    st.dataframe(
        table_rows(found), hide_index=True, column_config={name: st.column_config.TextColumn() for name in names}
    )
    by, size = found["matched"]
    st.caption(
        f"Mean over {found['n_draws']} random draws of {size:,} {by} from each, with the 5 % and 95 % quantiles. A dash is a"
        " measure whose package is not installed (extras `embeddings`, `tags`)."
    )


def table_rows(found: dict[str, Any]) -> list[dict[str, str]]:
    """One row a measure, one column a dataset: mean and band as text, since units differ from row to row."""
    sizes = [
        {"measure": title, "more is": "", **{row["run"]: f"{row[field]:,.0f}" for row in found["rows"]}}
        for title, field in (("samples", "n_samples"), ("tokens a sample", "mean_length"))
    ]
    measures = [
        {
            "measure": metric.title,
            "more is": metric.more_is,
            **{row["run"]: _said(row["metrics"][key], key.startswith("fac")) for row in found["rows"]},
        }
        for key, metric in METRICS.items()
    ]
    return [*sizes, *measures]


def _said(value: dict[str, float] | None, is_share: bool) -> str:
    if value is None:
        return "–"
    mean, low, high = (f"{value[k]:.1%}" if is_share else f"{value[k]:.3g}" for k in ("mean", "low", "high"))
    return mean if low == high else f"{mean} ({low} – {high})"
