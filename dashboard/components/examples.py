"""Examples of a feature: strength at the left, the text with its heat at the right."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from fac_core.features.evidence import Example
from fac_core.report.token_heat import CONTEXTS, token_heat


def choose_context() -> int | None:
    """How much text is shown around a peak."""
    chosen = st.segmented_control("Context", list(CONTEXTS), default=None, key="context", bind="query-params")
    return CONTEXTS[chosen or "snippet"]


def show(examples: Sequence[Example], maximum: float, around: int | None) -> None:
    """One row an example. The heat is relative to `maximum`."""
    for example in examples:
        with st.container(horizontal=True, vertical_alignment="top"):
            st.markdown(f"`{example.activation:7.2f}`", width=80)
            with st.container():
                st.html(token_heat(example.text, example.tokens, maximum, around=around, peak=example.peak))
                if source := example.metadata.get("set"):
                    st.caption(st_text(str(source)))


def st_text(text: str) -> str:
    """Untrusted text for a Markdown slot: nothing in it acts as markup."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|~:$&" else c for c in text).replace("\n", " ")
