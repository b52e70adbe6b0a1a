"""Gaps: decide which missing features to target, one at a time or in bulk."""

from __future__ import annotations

import io
from typing import cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.csv
import streamlit as st

from dashboard.cached import answer, history_of
from dashboard.components import tables
from dashboard.components.approved import show_next_step
from dashboard.components.examples import st_text
from dashboard.components.gaps import gap_card, gap_table, theme_bar
from dashboard.components.gaps.decisions import AT, Desk
from dashboard.components.gaps.filters import THEME, choose_filters
from dashboard.components.gaps.filters import menu as filter_menu
from dashboard.components.queues import (
    Act,
    ask_name,
    asked_for,
    comes_up,
    look_at,
    menu,
    more,
    redoing,
    show_undo,
)
from dashboard.links import wrong
from dashboard.pickers.feature import choose_feature
from dashboard.selection import chosen
from fac_core.curation.acts import last_act, last_undone
from fac_core.curation.audit import audit, progress
from fac_core.curation.claims import Claims
from fac_core.curation.triage import Decision, State, Triage, counts, decisions_of
from fac_core.gaps.ranked import matching
from fac_core.gaps.themed import gaps_of
from fac_core.progress import counted
from fac_core.view import View

view, author = chosen()
themes = answer(View.missing, view).themes
queue = answer(View.gaps, view)
triage = Triage.of(view.workspace, view.anchor)
history = history_of(triage)
desk = Desk(triage, author)
claims = Claims(view.workspace.pulses(), f"triage/{triage.scope}")
taken = claims.of_others(author)
decisions = decisions_of(history)
ids = queue["feature_id"].to_pylist()
done = counts(decisions, ids)
WORDS: dict[State, str] = {state: state.capitalize() for state in get_args(State)}
"""Of the queues, in the URL too: how many wait there changes, and a link must not."""
FIRST: State = "untriaged"


def in_state(gaps: pa.Table, state: State) -> pa.Table:
    held = {f for f, decision in decisions.items() if decision.state != "untriaged"}
    wanted = held if state == "untriaged" else {f for f, d in decisions.items() if d.state == state}
    inside = np.isin(gaps["feature_id"].to_numpy(), np.fromiter(wanted, np.int64, len(wanted)))
    return gaps.filter(pa.array(~inside if state == "untriaged" else inside))


def show_progress() -> None:
    """Own and the team's."""
    triaged, by_author = len(ids) - done["untriaged"], progress(decisions, ids)
    mine = by_author[author]
    others = f", {triaged - mine:,} by others" if triaged > mine else ""
    said = f"{triaged:,} of {counted(len(ids), 'gap')} decided ({mine:,} by you{others})"
    left = f". {counted(len(gaps), 'gap')}; the filters hide {hidden:,}" if hidden else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(said + left, width="content")
        show_next_step(view)


def show_audit() -> None:
    """Who decided what and when, as a table and a file."""
    with st.expander("All decisions", icon=":material/receipt_long:", key="gap_audit", on_change="rerun") as box:
        if not box.open:
            return
        made = audit(history)
        if not len(made):
            st.caption("Nobody has decided anything yet.")
            return
        tables.show(made.slice(0, 1000))
        file = io.BytesIO()
        pyarrow.csv.write_csv(made, file)
        st.download_button("CSV", file.getvalue(), "decisions.csv", "text/csv", icon=":material/download:")


def left_to_others(gaps: pa.Table) -> pa.Table:
    """The gaps that nobody else looks at; all, where somebody looks at each."""
    free = gaps.filter(pa.array([str(f) not in taken for f in gaps["feature_id"].to_pylist()], pa.bool_()))
    return free if len(free) else gaps


def show_others(gaps: pa.Table) -> None:
    """Who looks at gaps of this queue, which are left to them."""
    theirs = [taken[str(f)] for f in gaps["feature_id"].to_pylist() if str(f) in taken]
    if theirs:
        others = ", ".join(sorted({st_text(one) for one in theirs}))
        st.caption(f":material/visibility: {others} at work here: {counted(len(theirs), 'gap')} left to them.")


def choose_gap(gaps: pa.Table) -> int | None:
    """The gap at the chosen place of those that are not left to others."""
    free = left_to_others(gaps)
    place = st.number_input(
        f"Place in the queue, of {len(free):,}", 1, max(1, len(free)), key="gq_place", disabled=len(free) < 2
    )
    return stay_at(free["feature_id"].to_pylist(), gaps["feature_id"].to_pylist(), place)


def one_at_a_time(named: int | None, feature_id: int | None) -> list[Act]:
    """The card of one gap, and the bar that decides about it; returns what is decided less often."""
    # A number that could be one has just been taken out of the box, and is still in the URL.
    is_wrong = asked is not None and not (asked.isdecimal() and int(asked) < view.anchor.d_sae)
    if is_wrong or (named is not None and named not in ids):
        wrong(f"Feature {st_text(str(asked or named))} is no gap of this run.")
        return []
    if feature_id is None:
        show_empty()
        if theme is not None:
            theme_bar.texts(theme)
        return []
    row = queue.filter(pa.array(queue["feature_id"].to_numpy() == feature_id)).to_pylist()[0]
    row["theme"] = theme.name if theme is not None and feature_id in of_theme else row["theme"]
    decision = decisions.get(feature_id) or Decision(feature_id, "untriaged", "", "", "", "", 0)
    look_at(str(feature_id), claims, taken, author)
    gap_card.show(view, row, decision)
    with question:
        desk.ask_reason(feature_id)
    with bar:
        return gap_card.decide(desk, feature_id, decision)


def show_more(rarely: list[Act]) -> None:
    """The end of the bar: undo, and behind *More* what is done less often."""
    show_undo(desk.undo, undoes=bool(last_act(history, author)))
    acts = [*rarely, *redoing(desk.redo, redoes=bool(last_undone(history, author)))]
    if acts:
        with more(acts):
            if rarely:
                gap_card.note([event for event in history if event.item == str(rarely[0].args[0])])


def stay_at(offered: list[int], queued: list[int], place: int) -> int | None:
    """The gap at a place. What one looks at stays when a gap before it comes free, and what one was asked about also when
    somebody else decides it, as long as nothing else is asked for."""
    asked = (author, place, state, filters, theme and theme.name, view.weights)
    before, shown = st.session_state.get(AT, (None, None))
    if before != asked or shown is None or shown not in (*queued, desk.asking):
        up = comes_up([str(one) for one in offered[min(place, len(offered)) - 1 :]], claims, taken, author)
        shown = int(up) if up else None
    st.session_state[AT] = (asked, shown)
    return shown


def show_empty() -> None:
    if not ids:
        st.success("There is no gap: your data fires all that the anchor does.", icon=":material/task_alt:")
    elif done["untriaged"] == 0 and state == "untriaged":
        st.success("Every gap is decided.", icon=":material/task_alt:")
    elif theme is not None and not of_theme:
        st.info(
            "Every feature of this theme fires in your data, only too rarely. Decide about the whole theme above.",
            icon=":material/trending_down:",
        )
    elif theme is not None and not len(in_state(gaps_of(queue, theme), state)):
        said = "Every gap of this theme is decided" if state == "untriaged" else f"No gap of this theme is {state}"
        st.info(f"{said}. Choose another theme or queue above.", icon=":material/inbox:")
    elif len(queue) == len(matching(gaps_of(queue, theme), filters)):
        st.info(f"No gap is {state}. Choose another queue above.", icon=":material/inbox:")
    else:
        st.info("No gap of this queue passes the filters. Take one back.", icon=":material/filter_alt_off:")


question = st.bottom.container()
bar = st.bottom.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="decisions")
feature_id = None
asked = st.query_params.get("gq_gap")
with st.container(horizontal=True, vertical_alignment="center", key="queue"):
    looked_at = cast(State, next(iter(asked_for("gq_state", WORDS)), FIRST))
    called = st.session_state.get(THEME) or st.query_params.get(THEME)
    about = next((one for one in themes if one.name == called), None)
    said = f"{WORDS[looked_at]} {len(in_state(gaps_of(queue, about), looked_at)):,}"
    in_queue = menu(f"{said} · {st_text(about.name)}" if about else said, ":material/inbox:", "queue")
    with in_queue:
        theme = theme_bar.choose(themes)
        state: State = st.radio(
            "Queue",
            list(WORDS),
            format_func=WORDS.__getitem__,
            captions=[counted(done[one], "gap") for one in WORDS],
            key="gq_state",
            bind="query-params",
        )
        named = choose_feature(view, "Gap", "gq_gap", placeholder="the number of a feature")
    filters, is_missing = choose_filters(view.workspace, queue, filter_menu())
    of_theme = set(gaps_of(queue, theme)["feature_id"].to_pylist())
    gaps = in_state(matching(gaps_of(queue, theme), filters), state)
    hidden = done[state] - len(gaps)
    with in_queue:
        shown = st.segmented_control(
            "Show", ["one at a time", "all"], default="one at a time", required=True, key="gq_view", bind="query-params"
        )
        if shown != "all":
            feature_id = named if named is not None else choose_gap(gaps)
            st.toggle(
                "Stay after deciding", key="gq_stay", bind="query-params", help="Otherwise the next gap comes up."
            )
    if named is not None:
        st.button(
            "Back to the queue",
            icon=":material/arrow_back:",
            shortcut="B",
            on_click=lambda: st.session_state.update(gq_gap=None),
        )
for said in is_missing:
    st.caption(f":material/link_off: {said}")
if shown != "all":
    show_others(gaps)
ask_name("triage")
desk.show_conflict(decisions)
if theme is not None:
    theme_bar.show(desk, view, theme, len(of_theme), decisions)
rarely: list[Act] = []
if shown == "all" and len(gaps):
    gap_table.show(desk, gaps, decisions)
elif shown == "all":
    show_empty()
else:
    rarely = one_at_a_time(named, feature_id)
with bar:
    show_more(rarely)
show_progress()
show_audit()
