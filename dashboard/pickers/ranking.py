"""How gaps are ranked: chosen here, for all pages, so that no two of them can rank differently."""

from __future__ import annotations

import streamlit as st

from fac_core.fields import fields_of
from fac_core.gaps.priority import Weights

FORMULA = "priority = relevance × trust in the label × strength in the anchor × rarity in your data"
_PARTS = tuple(fields_of(Weights))
WEIGHTS = tuple(f"w_{part}" for part in _PARTS)
"""In the URL and in saved filters."""


def choose_weights() -> Weights:
    """The exponents of the formula."""
    st.markdown(f"**Ranking**: *{FORMULA}*")
    st.caption(
        "Every part is from 0 to 1, and a weight is its exponent: 0 leaves the part out, 2 doubles it. Relevance is that for"
        " the task above."
    )
    with st.grid(2, min_column_width=100):
        given = [_weight(part, key) for part, key in zip(_PARTS, WEIGHTS, strict=True)]
    return Weights(*given)


def _weight(part: str, key: str) -> float:
    default = float(fields_of(Weights)[part].default)
    value = st.number_input(
        part.capitalize(), 0.0, value=None, step=0.5, key=key, bind="query-params", placeholder=f"{default:g}"
    )
    return default if value is None else value
