"""Target this theme: all its undecided features at once, and one undo for them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.cached import history_of
from dashboard.components.gaps.decisions import Desk
from dashboard.page_list import script
from dashboard.sign_in import barred
from fac_core.curation.acts import last_act
from fac_core.curation.triage import Decision, Triage, decisions_of
from fac_core.themes.theme import Theme
from fac_core.view import View

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
        self.just_decided = {int(event.item) for event in last_act(self.history, author)}

    def show(self, theme: Theme, key: str) -> None:
        """The button, or what became of it."""
        decided = {f: self.decisions[f] for f in theme.features if f in self.decisions}
        undecided = [f for f in theme.features if f not in decided or decided[f].state == "untriaged"]
        if undecided:
            st.button(
                "Target this theme",
                key=f"target-{key}",
                icon=":material/add:",
                on_click=self.desk.decide_theme,
                args=(self.view, theme, "target", "", {f: one.version for f, one in decided.items()}),
                **barred("triage", help=_HELP),
            )
        elif self.just_decided & set(theme.features):
            st.button("Undo", key=f"undo-{key}", icon=":material/undo:", on_click=self.desk.undo)
        else:
            asked = {**self.keep, "gq_theme": theme.name}
            st.page_link(script("gaps"), label="Decide in Gaps", icon=":material/arrow_forward:", query_params=asked)
        if targets := sum(one.state == "target" for one in decided.values()):
            st.caption(f":material/check: {targets:,} target{'' if targets == 1 else 's'}", width="content")
