"""Target this theme: all its undecided gaps at once, and one undo for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st

from dashboard.cached import triage_history
from dashboard.components.gaps.decisions import Desk
from dashboard.page_list import script
from fac_core.curation.acts import last_act
from fac_core.curation.triage import Decision, Triage, decisions_of
from fac_core.themes.membership import gaps_of
from fac_core.themes.theme import Theme
from fac_core.view import View


class Targeting:
    """One person who makes targets of themes."""

    def __init__(self, view: View, author: str, gaps: Collection[int], keep: Mapping[str, str]) -> None:
        self.desk = Desk(Triage(view.workspace.events(), view.anchor.run_id), author)
        self.gaps = frozenset(gaps)
        self.keep = keep
        self.history = triage_history(self.desk.triage)
        self.decisions: dict[int, Decision] = decisions_of(self.history)
        self.just_decided = {int(event.item) for event in last_act(self.history, author)}

    def gaps_of(self, theme: Theme) -> tuple[int, ...]:
        """What of a theme can be a target."""
        return gaps_of(theme, self.gaps)

    def show(self, theme: Theme, key: str) -> None:
        """The button, or what became of it."""
        gaps = self.gaps_of(theme)
        undecided = [f for f in gaps if f not in self.decisions or self.decisions[f].state == "untriaged"]
        if undecided:
            n = f"{len(undecided):,} gap{'' if len(undecided) == 1 else 's'}"
            seen = {f: self.decisions[f].version for f in undecided if f in self.decisions}
            st.button(
                "Target this theme",
                key=f"target-{key}",
                icon=":material/check:",
                help=f"{n} of it that nobody has decided: candidates will be written for them. One undo takes it back.",
                on_click=self.desk.decide_many,
                args=(undecided, "target", "", seen),
            )
        elif self.just_decided & set(gaps):
            st.button("Undo", key=f"undo-{key}", icon=":material/undo:", on_click=self.desk.undo)
        else:
            asked = {**self.keep, "gq_theme": theme.name}
            st.page_link(script("gaps"), label="Decide in Gaps", icon=":material/arrow_forward:", query_params=asked)
        if targets := sum(self.decisions[f].state == "target" for f in gaps if f in self.decisions):
            st.caption(f":material/check: {targets:,} target{'' if targets == 1 else 's'}", width="content")
