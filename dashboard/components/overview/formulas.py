"""The two formulas, in words: what FAC is, and what the paper's tables print."""

from __future__ import annotations

import streamlit as st


def show() -> None:
    st.markdown("**FAC**: of the features that can occur, the share that your data makes fire.")
    st.latex(r"\mathrm{FAC} = \frac{|F(Q) \cap F(P)|}{|F(P)|}")
    st.markdown(
        "`F(P)` are the features that the anchor P fires, `F(Q)` those of your data Q. A feature is *active* in a text when its"
        " strongest activation over the text's own tokens exceeds δ, and it is in a dataset when enough texts fire it. The"
        " paper ([2602.10388](https://arxiv.org/abs/2602.10388)) writes the formula without the intersection; then FAC"
        " could exceed 1."
    )
    st.markdown("**Gap closure**: of the features that your data misses, the share that new texts S fire.")
    st.latex(
        r"\mathrm{closure} = \frac{|F_\mathrm{miss} \cap F(S)|}{|F_\mathrm{miss}|}, \quad F_\mathrm{miss} = F(P) \setminus F(Q)"
    )
    st.markdown(
        "The percentages in the paper's tables are gap closures. Here the two never share a name. FAC grows with the number"
        " and the length of texts: compare datasets at equal size (page Compare)."
    )
