"""The answer to "what is my data missing?": the sentence, the themes ranked with what to do about each, and what is there in excess."""

from __future__ import annotations

import streamlit as st

from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.overview import renaming
from dashboard.components.overview.targeting import Targeting
from dashboard.components.queues import ask_name
from dashboard.components.tables import numbers, percent
from dashboard.figures.theme_bars import longest_of, theme_html
from fac_core.progress import counted
from fac_core.themes.answer import Missing
from fac_core.themes.theme import Theme
from fac_core.view import View

FIRST = 3
"""Themes of the first screen."""
_SURPLUS = 3


def show(view: View, missing: Missing, targeting: Targeting) -> None:
    """What a stranger reads first."""
    st.subheader(missing.said(lambda name: f"“*{st_text(name)}*”"), anchor=False)
    if not missing.themes:
        st.caption(f"{missing.not_seen} Single features that it lacks, if any, are below.")
    shown = missing.themes[:FIRST]
    longest = longest_of(*shown)
    for n, theme in enumerate(shown):
        text, act = st.columns([4, 1.15], vertical_alignment="center", gap="small")
        text.html(theme_html(theme, longest))
        with act:
            targeting.show(theme, str(n))
    ask_name("triage")
    targeting.show_all(shown)
    if missing.surplus:
        st.caption(f"In excess: {'; '.join(_excess(theme) for theme in missing.surplus[:_SURPLUS])}.")
    st.caption(_in_numbers(view, missing))


def show_all(view: View, missing: Missing) -> None:
    """Every theme as a table: what the picture shows, and what had no place there; and a box to rename one."""
    rows = [_row(theme, side) for side in ("lacking", "in excess") for theme in _of(missing, side)]
    if not rows:
        st.caption("No theme shows at this size.")
        return
    columns = {
        **percent("anchor", "your data"),
        **numbers("%.0f", "samples short", "from", "to"),
        "text": st.column_config.TextColumn("text", width="large"),
    }
    renaming.show(view, missing)
    tables.show(rows, columns)
    st.caption(
        "Groups of texts were formed before anybody asked which data lacks them; *from* and *to* are the 95 % interval of the samples that"
        " your data is short of. A negative number is an excess. Names are words or parts of the texts, made by a machine, unless somebody"
        " gave a better one."
    )


def _of(missing: Missing, side: str) -> tuple[Theme, ...]:
    return missing.themes if side == "lacking" else missing.surplus


def _in_numbers(view: View, missing: Missing) -> str:
    compared = (
        f"{st_text(missing.run)} ({counted(missing.n_samples, 'sample')}) against the anchor {st_text(missing.anchor)}"
        f" ({view.anchor.n_samples:,}), at equal length of texts."
    )
    bars = (
        " Bars are shares of the texts, lines and brackets 95 % intervals; short is what your data would need at its size to have the"
        " anchor's share; the texts are the anchor's."
        if missing.themes
        else ""
    )
    more = f" {len(missing.themes) - FIRST:,} more in *All themes*." if len(missing.themes) > FIRST else ""
    return f"{compared} {missing.not_compared}{bars}{more}".replace("  ", " ")


def _excess(theme: Theme) -> str:
    return f"**{st_text(theme.name)}** {theme.data_share.value:.0%} of your data, {theme.anchor_share.value:.0%} of the anchor"


def _row(theme: Theme, side: str) -> dict[str, object]:
    return {
        "theme": theme.name,
        "your data is": side,
        "samples short": theme.deficit,
        "from": theme.deficit_low,
        "to": theme.deficit_high,
        "anchor": theme.anchor_share.value,
        "your data": theme.data_share.value,
        "features": len(theme.features),
        "words": ", ".join(theme.words),
        "text": theme.texts[0].excerpt() if theme.texts else "",
    }
