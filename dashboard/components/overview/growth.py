"""How FAC falls with the threshold and grows with the number of samples."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.tables import percent
from dashboard.figures import curves
from fac_core.coverage.curves import second_half
from fac_core.view import View


def show(view: View) -> None:
    """Both, side by side, with their numbers as tables."""
    left, right = st.columns(2)
    with left:
        st.subheader("Against the threshold")
        points = answer(View.threshold_curve, view)
        delta = view.definition.delta if view.definition.quantile is None else None
        figure = curves.threshold(points, delta)
        st.plotly_chart(figure, key="threshold_curve", alt="FAC falls as the activation threshold rises")
        rows = [{"δ": p.delta, "FAC": p.fac, "covered": p.numerator, "of": p.denominator} for p in points]
        tables.as_table(rows, percent("FAC"))
    with right:
        st.subheader("Against the number of samples")
        grown = answer(View.growth_curve, view)
        st.plotly_chart(curves.growth(grown), key="growth_curve", alt="FAC rises with the number of samples")
        rows = [{"samples": p.n_samples, "FAC": p.mean, "5 %": p.low, "95 %": p.high} for p in grown]
        tables.as_table(rows, percent("FAC", "5 %", "95 %"))
        added = second_half(grown)
        advice = "More of the same would still help." if added > 0.02 else "More of the same adds little."
        st.caption(f"The second half of the samples added {added:.1%}. {advice}")
