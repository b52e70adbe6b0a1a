"""Target a theme, or all that are shown: their undecided features at once, and one undo for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.cached import accepted, history_of
from dashboard.components.approved import show_next_step
from dashboard.components.gaps.decisions import Desk
from dashboard.page_list import script
from dashboard.sign_in import barred
from fac_core.curation.acts import last_act
from fac_core.curation.triage import Decision, Triage, decisions_of
from fac_core.progress import counted
from fac_core.themes.theme import Theme
from fac_core.view import View
from fac_core.workflows.themes import open_features

_HELP = (
    "Candidates will be written for its features: its gaps, and those that fire in your data too rarely."
    " One undo takes it back."
)


class Targeting:
    """One person who makes targets of themes."""

    def __init__(self, view: View, author: str, keep: Mapping[str, str]) -> None:
        self.view = view
        self.desk = Desk(Triage.of(view.workspace, view.anchor), author)
        self.keep = keep
        self.history = history_of(self.desk.triage)
        self.decisions: dict[int, Decision] = decisions_of(self.history)
        self.accepted = accepted(view)
        self.just_decided = {int(event.item) for event in last_act(self.history, author)}

    def show(self, theme: Theme, key: str) -> None:
        """The button, or what became of it, and the way to the theme's texts and gaps."""
        decided = {f: self.decisions[f] for f in theme.features if f in self.decisions}
        if self._undecided(theme):
            st.button(
                "Target this theme",
                key=f"target-{key}",
                icon=":material/add:",
                wrap=True,
                on_click=self.desk.decide_theme,
                args=(self.view, theme, "target", "", {f: one.version for f, one in decided.items()}),
                **barred("triage", help=_HELP),
            )
        elif self.just_decided and self.just_decided <= set(theme.features):
            st.button("Undo", key=f"undo-{key}", icon=":material/undo:", on_click=self.desk.undo)
        asked = {**self.keep, "gq_theme": theme.name}
        st.page_link(script("gaps"), label="Its texts and gaps", icon=":material/arrow_forward:", query_params=asked)
        if targets := sum(one.state == "target" for one in decided.values()):
            st.caption(
                f":material/check: {targets:,} of its {counted(len(theme.features), 'feature')}", width="content"
            )
        if n := self.accepted.get(theme.name):
            st.caption(
                f":material/task_alt: {counted(n, 'accepted text')} of it, not yet in your data",
                width="content",
                help="Written texts that people accepted and that are of this theme. Export them, and encode what was exported:"
                " then they count as your data.",
            )

    def show_all(self, themes: Sequence[Theme]) -> None:
        """One button for the themes that are shown; then what comes next."""
        of_any = [theme for theme in themes if self._undecided(theme)]
        with st.container(horizontal=True, vertical_alignment="center"):
            if len(of_any) > 1:
                features = dict.fromkeys(f for theme in of_any for f in open_features(theme, self.decisions))
                seen = {f: self.decisions[f].version for f in features if f in self.decisions}
                st.button(
                    f"Target these {counted(len(of_any), 'theme')}",
                    key="target-all",
                    icon=":material/add:",
                    type="primary",
                    on_click=self.desk.decide_many,
                    args=(list(features), "target", "", seen),
                    **barred("triage", help=_HELP),
                )
            show_next_step(self.view)
            of_several = {f for theme in themes for f in theme.features if not self.just_decided <= set(theme.features)}
            if not of_any and self.just_decided & of_several:
                st.button("Undo", key="undo-all", icon=":material/undo:", on_click=self.desk.undo)

    def _undecided(self, theme: Theme) -> bool:
        return any(f not in self.decisions or self.decisions[f].state == "untriaged" for f in theme.features)
