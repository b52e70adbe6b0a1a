"""The tour's bar above the real pages: a sentence or two, next, back, leave. Where one is stands in the URL and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import streamlit as st

import dashboard
from dashboard.cached import answer
from dashboard.components.presentation.showpiece import showpieces
from dashboard.components.tour.steps import Step, steps
from dashboard.links import kept
from dashboard.page_list import script
from dashboard.sign_in import who
from fac_core.gaps.themed import gaps_of
from fac_core.view import View

AT = "tour"
"""In the URL: the number of the step, from 1."""
_COOKIE = "fac_tour"
"""The browser's: it was offered the tour before."""
_REFUSED = "tour_refused"
"""Session: the offer was declined on this visit."""

_SHOW = """<script>
(() => {
    const at = %s, before = document.querySelector("[data-tour]")
    if (before) before.removeAttribute("data-tour")
    let looks = 0
    clearInterval(window.facTour)  // of the step before
    const look = window.facTour = setInterval(() => {
        const found = document.querySelector("[data-testid=stMain] :is(" + at + ")")
        if (found) {
            document.querySelectorAll("[data-tour]").forEach(one => one !== found && one.removeAttribute("data-tour"))
            if (!found.hasAttribute("data-tour")) {
                found.setAttribute("data-tour", "")
                found.scrollIntoView({block: "nearest"})
            }
        }
        if (++looks > 40 || !document.querySelector(".st-key-tour")) clearInterval(look)
    }, 250)
})()
</script>"""
"""Marks the first thing that a selector finds, for as long as the page still draws: things move, and come anew."""


def show(view: View, page: str) -> None:
    """Draw the step that the URL names, where it names one of this page; the offer, where the tour was never offered."""
    asked = st.query_params.get(AT)
    if asked is None:
        if page == "overview":
            _offer(view)
        return
    all_steps = _steps(view)
    place = int(asked) - 1 if asked.isdecimal() else 0
    step = all_steps[min(max(place, 0), len(all_steps) - 1)]
    if step.page == page:
        _draw(view, all_steps, all_steps.index(step))


def link(view: View) -> None:
    """Where the tour and the presentation begin, for the foot of the sidebar."""
    keep = kept(view)
    begin = {**keep, AT: "1"}
    st.page_link(
        script("overview"),
        label="Guided tour",
        icon=":material/tour:",
        query_params=begin,
        help="Two minutes, to leave at any step.",
    )
    st.page_link(script("present"), label="Present", icon=":material/slideshow:", query_params=keep)


def _steps(view: View) -> tuple[Step, ...]:
    themes, gaps = answer(View.missing, view).themes, answer(View.gaps, view)
    theme = next((one for one in themes if len(gaps_of(gaps, one))), None)
    shown = showpieces(view, themes, who())
    first = next((shown[one.name] for one in themes if one.name in shown), None)
    is_accepted = any("accepted" in one.found.states.values() for one in shown.values())
    return steps(theme, first and first.candidate, is_accepted=is_accepted)


def _draw(view: View, all_steps: tuple[Step, ...], place: int) -> None:
    step = all_steps[place]
    st.query_params[AT] = str(place + 1)  # the browser leaves its address alone where a link stays on the page
    st.html(Path(dashboard.__file__).with_name("tour.css"))
    with st.container(key="tour", gap="xsmall"):
        st.markdown(f"**{step.about}** · {step.says}")
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if place:
                _to(view, all_steps, place - 1, "Back", "arrow_back")
            with st.container(key="tour_next", width="content"):
                if place + 1 < len(all_steps):
                    _to(view, all_steps, place + 1, "Next", "arrow_forward")
                else:
                    st.button("Done", icon=":material/check:", type="primary", on_click=_leave)
            if place + 1 < len(all_steps):
                st.button("Leave", icon=":material/close:", type="tertiary", on_click=_leave)
            st.caption(f"Step {place + 1} of {len(all_steps)}", width="content")
            st.html(_SHOW % json.dumps(step.at), unsafe_allow_javascript=True, width="content")


def _to(view: View, all_steps: tuple[Step, ...], place: int, label: str, icon: str) -> None:
    """A link, not a button: what boxes hold in the URL is set by nothing else."""
    step = all_steps[place]
    asked = {**kept(view), **step.asks, AT: str(place + 1)}
    st.page_link(script(step.page), label=label, icon=f":material/{icon}:", query_params=asked, help="")


def _leave() -> None:
    st.query_params.pop(AT, None)


def _offer(view: View) -> None:
    """Once a browser: who comes again finds it in the sidebar."""
    if st.context.cookies.get(_COOKIE) is not None or st.session_state.get(_REFUSED):
        return
    with st.container(key="tour_offer", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("New here? Two minutes show the way from a gap to a dataset.", width="content")
        begin = {**kept(view), AT: "1"}
        st.page_link(script("overview"), label="Take the tour", icon=":material/tour:", query_params=begin, help="")
        st.button("No, thanks", type="tertiary", on_click=lambda: st.session_state.update({_REFUSED: True}))
        said = json.dumps(f"{_COOKIE}=offered; path=/; max-age=31536000; samesite=strict")
        st.html(f"<script>document.cookie = {said}</script>", unsafe_allow_javascript=True, width="content")
