"""FAC beside the answer: the number, its interval, gap closure, and how much of the data is in."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import answer
from dashboard.components.examples import st_text
from dashboard.components.overview import formulas
from dashboard.links import kept
from dashboard.page_list import script
from dashboard.pickers.runs import choose_run
from fac_core.comparison import likely_synthetic
from fac_core.coverage.fac import Coverage
from fac_core.jobs.parts import part_in_words, part_of
from fac_core.progress import counted
from fac_core.view import View


def show(view: View, result: Coverage) -> None:
    """The number, at once."""
    st.metric("Feature Activation Coverage", f"{result.fac:.1%}")
    for info in (view.run, view.anchor):
        if part := part_of(view.workspace, info):
            st.caption(f":material/hourglass_empty: {st_text(info.name)}. {part_in_words(part)}")
            if part.whole is not None:
                role = "run" if info is view.run else "anchor"
                asked = {**kept(view), role: part.whole.run_id}
                st.page_link(
                    script("overview"), label="Look at all of it", icon=":material/update:", query_params=asked
                )


def show_meaning(view: View, result: Coverage) -> None:
    """What it counts; the interval takes seconds when it is new."""
    interval = answer(View.interval, view)
    task = f" and matter for {view.task}" if view.task else ""
    st.caption(
        f"{interval.low:.1%} to {interval.high:.1%} for another draw of as many samples ({interval.level:.0%} interval). Of"
        f" **{result.denominator:,}** features that occur in {st_text(result.anchor)}{task}, **{result.numerator:,}** fire in"
        f" {st_text(result.run)}."
    )
    label = f"See the {counted(len(result.missing), 'gap')}"
    st.page_link(script("gaps"), label=label, icon=":material/arrow_forward:", query_params=kept(view))
    with st.popover("More about FAC", icon=":material/function:", wrap=True):
        _show_closure(view, result)
        formulas.show()


def _show_closure(view: View, result: Coverage) -> None:
    """Gap closure by a run that was written for the gaps, or by any other."""
    others = view.workspace.peers(view.anchor.space_id, besides=(view.run.run_id, view.anchor.run_id))
    if not others or not result.missing:
        return
    by = likely_synthetic(view)
    by = choose_run("Gaps closed by", others, "closes", "choose another", by) or by
    if by:
        closure = answer(View.gap_closure, view, by.run_id)
        st.metric(
            "Gap closure",
            f"{closure.closure:.1%}",
            help=f"{closure.n_closed:,} of your {counted(closure.n_gaps, 'gap')} fire in {st_text(closure.synthetic)}. This is not FAC.",
        )
