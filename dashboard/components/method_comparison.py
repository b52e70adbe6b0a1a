"""What to add to a seed: methods against each other at an equal budget, as they were kept by `fac lab baselines`."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.figures import study as figures
from fac_core.lab.sets.comparisons import Comparison


def show(found: Sequence[Comparison]) -> None:
    """Choose a setting and a method to compare with; a picture, and the numbers as a table.

    Args:
        found: at least one, the newest first.
    """
    st.subheader("What to add to a seed")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox("Setting", range(len(found)), format_func=lambda i: found[i].title, key="setting")
        methods = {one.method: one for one in found[place].methods}
        against = st.selectbox(
            "Compared with", list(methods), index=None, key="against", placeholder="seed only", width=260
        )
    other = methods[against or "seed only"]
    rows = [
        {
            "added": one.method,
            "score": one.mean,
            "difference": centre,
            "from": low,
            "to": high,
            "samples": one.n_samples,
            "tokens": one.n_tokens,
            "gaps closed": one.closed,
            **({"score in the hole": fmean(one.in_hole), "difference in it": inside[0]} if inside else {}),
        }
        for one in methods.values()
        for (centre, low, high), inside in ((one.minus(other), one.minus_in_hole(other)),)
    ]
    title = f"AUPRC minus that of {other.method}"
    st.plotly_chart(
        figures.methods(rows, title), key="methods", alt=f"{title}, with 95 % intervals; the table has it too"
    )
    whole, exact = (st.column_config.NumberColumn(format=form) for form in ("%.0f", "%.3f"))
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            **dict.fromkeys(("score", "difference", "from", "to", "score in the hole", "difference in it"), exact),
            **dict.fromkeys(("samples", "tokens"), whole),
            "gaps closed": st.column_config.NumberColumn(format="percent"),
        },
    )
    st.caption(
        f"{st_text(found[place].title)}; measured {found[place].at[:10]}. Differences are paired over the seeds; from and to "
        "bound them at 95 % on this cut of the data: another anchor and test may say otherwise. Many methods are shown: the best of them is best by luck too."
    )
