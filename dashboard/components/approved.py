"""The targets: what people approved for an anchor, counted here for all pages, and the way to where texts are written for them."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.cached import answer, history_of
from dashboard.links import kept
from dashboard.page_list import script
from fac_core.curation.triage import Triage, decisions_of
from fac_core.progress import counted
from fac_core.view import View


@dataclass(frozen=True)
class Approved:
    """Every feature that somebody approved, ascending, by what the data shown does with it."""

    gaps: tuple[int, ...]
    """It never counts in the data."""
    rare: tuple[int, ...]
    """It counts, and a theme that the data is short of needs more of it."""
    covered: tuple[int, ...]
    """It counts, and nothing that is short needs it: it was approved before, or for other data."""

    @property
    def wanted(self) -> tuple[int, ...]:
        """What there is to write for: the targets of every page."""
        return tuple(sorted((*self.gaps, *self.rare)))

    @property
    def said(self) -> str:
        """`5 targets: 4 gaps, and 1 that fires too rarely`."""
        more = f"; {len(self.covered):,} more approved before, covered by now" if self.covered else ""
        if not self.rare and self.gaps:
            return f"{counted(len(self.gaps), 'target')}, {'each ' if len(self.gaps) > 1 else ''}a gap{more}"
        kinds = [counted(len(self.gaps), "gap")] if self.gaps else []
        if self.rare:
            kinds.append(f"{len(self.rare):,} that {'fires' if len(self.rare) == 1 else 'fire'} too rarely")
        return f"{counted(len(self.wanted), 'target')}: {', and '.join(kinds) or 'none'}{more}"


def approved(view: View) -> Approved:
    """What is approved, as this view sees it."""
    decisions = decisions_of(history_of(Triage.of(view.workspace, view.anchor)))
    targets = sorted(f for f, one in decisions.items() if one.state == "target")
    missing = set(answer(View.coverage, view).missing) if targets else set()
    short = {f for theme in answer(View.missing, view).themes for f in theme.features} if targets else set()
    gaps = tuple(f for f in targets if f in missing)
    rare = tuple(f for f in targets if f in short and f not in missing)
    return Approved(gaps, rare, tuple(f for f in targets if f not in short and f not in missing))


def show_next_step(view: View) -> None:
    """A link to where samples are written, where there is a target."""
    if n := len(approved(view).wanted):
        label = f"{counted(n, 'target')}: write samples"
        st.page_link(script("synthesis"), label=label, icon=":material/auto_awesome:", query_params=kept(view))
