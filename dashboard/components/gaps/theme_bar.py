"""One theme of what is missing, above its gaps: how much is short, and one decision about all of it. Names are untrusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.gaps.decisions import KEYS, Desk
from dashboard.components.gaps.filters import THEME
from dashboard.links import by_present_name, kept
from dashboard.page_list import script
from dashboard.sign_in import barred
from fac_core.curation.triage import NEEDS_REASON, REASONS, Decision, State
from fac_core.progress import counted
from fac_core.themes.theme import Theme
from fac_core.view import View
from fac_core.workflows.themes import open_features

_ASIDE: tuple[State, ...] = ("later", "not relevant")
_SHOWN = 400
"""Characters of a text."""


def choose(themes: Sequence[Theme]) -> Theme | None:
    """The theme that the queue is about, the largest deficit first; None is all gaps."""
    by_present_name(THEME, themes)
    chosen = st.selectbox(
        "Theme",
        list(dict.fromkeys(theme.name for theme in themes)),
        index=None,
        key=THEME,
        bind="query-params",
        placeholder="all" if themes else "no theme is short",
        disabled=not themes,
    )
    return next((theme for theme in themes if theme.name == chosen), None)


def show(desk: Desk, view: View, theme: Theme, n_gaps: int, decisions: Mapping[int, Decision]) -> None:
    """What is short, and what can be done about all of it.

    Args:
        n_gaps: of its features, those that the view counts as missing.
    """
    features = open_features(theme, decisions)
    st.markdown(
        f"**{st_text(theme.name)}**: about **{theme.deficit:,.0f}** samples short ({theme.deficit_low:,.0f} to "
        f"{theme.deficit_high:,.0f}); {theme.anchor_share.value:.1%} of the anchor, {theme.data_share.value:.1%} of your "
        f"data. {n_gaps:,} of its {counted(len(theme.features), 'feature')} are gaps."
    )
    seen = {f: decisions[f].version for f in features if f in decisions}
    with st.container(horizontal=True, vertical_alignment="center"):
        help_ = "Its gaps, and its features that fire in your data, only too rarely. One undo takes it back."
        _button(desk, view, theme, "target", "", f"Target all {len(features):,}", seen, bool(features), help_)
        with st.popover("Put aside", icon=KEYS["later"][1], disabled=not features):
            for state in _ASIDE:
                st.markdown(f"**{state.capitalize()}**, all {len(features):,}, because")
                for reason in (*REASONS[state], *(() if state in NEEDS_REASON else ("",))):
                    said = reason.capitalize() or "No reason"
                    _button(desk, view, theme, state, reason, said, seen, bool(features))
        with st.popover("Its texts", icon=":material/article:"):
            texts(theme)
        st.page_link(
            script("synthesis"),
            label="Write texts for it",
            icon=":material/auto_awesome:",
            query_params={**kept(view), "sy_theme": theme.name},
            disabled=not any(decisions[f].state == "target" for f in seen),
            help="For those of its features that are targets.",
            width="content",
        )


def texts(theme: Theme) -> None:
    """The strongest of the anchor, and what is nearest in the data."""
    for heading, shown in (("In the anchor", theme.texts), ("Nearest in your data", theme.nearest)):
        st.markdown(f"**{heading}**")
        for one in shown:
            cut = "…" if len(one.text) > _SHOWN else ""
            st.markdown(f"{one.belonging:.2f} {st_text(one.text[:_SHOWN])}{cut}")


def _button(
    desk: Desk,
    view: View,
    theme: Theme,
    state: State,
    reason: str,
    label: str,
    seen: Mapping[int, int],
    ready: bool,
    help_: str | None = None,
) -> None:
    st.button(
        label,
        icon=KEYS[state][1],
        key=f"theme-{state}-{reason}",
        on_click=desk.decide_theme,
        args=(view, theme, state, reason, seen),
        **barred("triage", disabled=not ready, help=help_),
    )
