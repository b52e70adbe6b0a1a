"""Review: accept, reject or edit candidates, seeing what each decision does to coverage."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from dashboard.cached import answer, history_of, standing
from dashboard.components.examples import st_text
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
from dashboard.components.review import candidate_card, candidate_table, team
from dashboard.components.review.desk import AT, BUTTONS, EDITING, NEXT, PLACE, ReviewDesk
from dashboard.links import kept, wrong
from dashboard.page_list import script
from dashboard.pickers.feature import choose_feature
from dashboard.selection import chosen
from dashboard.sign_in import barred
from dashboard.theme import CHECKS, DECISIONS
from fac_core.coverage.effect import Counts
from fac_core.curation.acceptance import may_be_accepted, needs_note
from fac_core.curation.acts import last_act, last_undone
from fac_core.curation.agreement import progress
from fac_core.curation.claims import Claims
from fac_core.curation.offered import PRESETS, SMALLEST, how_many, my_states, neighbours, queue
from fac_core.curation.review import State
from fac_core.curation.wording import parts
from fac_core.progress import counted
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Candidate, Candidates
from fac_core.themes.belonging import Belonging
from fac_core.themes.membership import theme_wanted
from fac_core.view import View

view, author = chosen()
workspace = view.workspace
batches = batches_of(workspace, view.run, view.anchor)
if not batches:
    st.info(
        f"No candidates yet for {st_text(view.run.name)}. Approve gaps as targets, then let samples be written for them.",
        icon=":material/edit_note:",
    )
    others = {run.name for run in workspace.runs() if batches_of(workspace, run, view.anchor)}
    if others:
        st.caption(
            f"There are candidates for {st_text(', '.join(sorted(others)))}: choose it as your data on the left."
        )
    st.page_link(script("gaps"), label="Approve gaps", icon=":material/rule:")
    st.page_link(script("synthesis"), label="Write samples for them", icon=":material/auto_awesome:")
    st.stop()
by_id = {batch.batch_id: batch for batch in reversed(batches)}
asked = st.query_params.get("batch")
if asked is not None and asked not in by_id:
    wrong(f"Batch {st_text(asked)} is not among those of this run and anchor; showing the newest.")
question = st.bottom.container()
bar = st.bottom.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="decisions")
WORDS: dict[State, str] = {state: DECISIONS[state].word for state in get_args(State)}
"""Of the queues, in the URL too: how many wait there changes, and a link must not."""
_PENDING: State = "pending"
_RARELY = ("needs second review",)
row = st.container(horizontal=True, vertical_alignment="center", key="queue")
batch = by_id.get(str(st.session_state.get("batch") or asked), batches[-1])
desk = ReviewDesk(workspace, batch.batch_id, author)
reviews = desk.reviews
min_reviews = reviews.min_reviews()
found = standing(view, batch)
history = history_of(reviews)
states = my_states(found, author, min_reviews)
claims = Claims(workspace.pulses(), f"review/{batch.batch_id}")
taken = claims.of_others(author)


def gained(counts: Counts) -> str | None:
    """Against the seed, in points; nothing where nothing is gained."""
    points = (counts.fac - found.seed.fac) * 100
    return f"{points:+.2f} points" if points else None


def show_effect() -> None:
    """Coverage now and to come, progress, what waits for the worker."""
    with st.container(horizontal=True):
        st.metric("FAC of your data", f"{found.seed.fac:.2%}", help="Under the definition in the sidebar.")
        st.metric(
            "with what is accepted",
            f"{found.accepted.fac:.2%}",
            gained(found.accepted),
            help="With the candidates that are accepted so far, those of other batches among them.",
        )
        st.metric(
            "if all pending pass",
            f"{found.if_pending_pass.fac:.2%}",
            gained(found.if_pending_pass),
            help="If every candidate that passes the check and is not rejected were accepted.",
        )
    done = progress(found.opinions, found.candidates, author)
    st.progress(
        done.team / max(1, done.total),
        f"{done.team:,} of {counted(done.total, 'candidate')} decided ({done.mine:,} by you)",
    )


def show_edits() -> None:
    """What waits to be measured."""
    edits = sum(one.verdict == "not measured" for one in found.candidates.values())
    if edits:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                f"{counted(edits, 'edit')} not measured yet, and so not to be accepted.",
                icon=":material/hourglass_empty:",
            )
            st.button(
                f"Verify {counted(edits, 'edit')}",
                icon=":material/bolt:",
                on_click=desk.verify,
                **barred("job", "verify_edits"),
            )


def choose_queue() -> tuple[str, list[State]]:
    """The candidate that is asked for, and of which states the queue is."""
    counts = how_many(states)
    shown: list[State] = asked_for("rv_state", WORDS) or [_PENDING]
    with row, menu(" · ".join(f"{WORDS[one]} {counts[one]:,}" for one in shown), ":material/inbox:", "queue"):
        wanted = st.pills(
            "Queue",
            list(WORDS),
            format_func=WORDS.__getitem__,
            selection_mode="multi",
            default=[_PENDING],
            key="rv_state",
            bind="query-params",
            on_change=desk.go,
            args=(None,),
        )
        st.caption(" · ".join(f"{word} {counts[one]:,}" for one, word in WORDS.items()))
        named = st.text_input("Candidate", key=AT, bind="query-params", placeholder="its id, as its card shows it")
        st.selectbox("Batch, the newest first", list(by_id), key="batch", bind="query-params")
    return named, wanted or [_PENDING]


def choose_filters(wanted: list[State]) -> tuple[list[str], bool]:
    """The candidates that are left, and whether all are shown in a table."""
    n_filters = sum(bool(st.query_params.get(key)) for key in ("rv_preset", "rv_feature"))
    with row, menu(counted(n_filters, "filter") if n_filters else "Filter", ":material/tune:", "filter"):
        preset = st.selectbox(
            "Only",
            [*PRESETS, SMALLEST],
            index=None,
            key="rv_preset",
            bind="query-params",
            placeholder="all",
            on_change=desk.go,
            args=(None,),
        )
        feature = choose_feature(view, "Feature", "rv_feature", on_change=desk.go, args=(None,))
        shown = st.segmented_control(
            "As", ["one at a time", "table"], default="one at a time", required=True, key="rv_view", bind="query-params"
        )
        st.toggle("Stay after deciding", key="rv_stay", help="Otherwise the next candidate comes up.")
    return queue(found, states, wanted=wanted, preset=preset, feature_id=feature), shown == "table"


def of_theme(candidate: Candidate) -> tuple[str, float] | None:
    """The theme of a candidate (`theme_wanted`), and how much of it the text is: real texts that are mixed in are asked the same."""
    theme = theme_wanted(answer(View.missing, view), candidate.feature_id, str(batch.settings.get("theme") or ""))
    fired = found.measured.get(candidate.candidate_id)
    if theme is None or fired is None:
        return None
    return theme.name, Belonging.of(theme, view.p).times_least(fired.feature_ids, fired.activations)


def card(ids: list[str], current: str) -> list[Act]:
    """One candidate, and the bar that decides about it; returns what is done less often."""
    candidate = found.shown[current]
    before, after = neighbours([one for one in ids if one == current or not is_left(one)], current)
    ask_name("review")
    look_at(current, claims, taken, author)
    if st.session_state.get(EDITING) == current:
        with st.form("rv_edit"):
            for name, words in parts(candidate).items():
                st.text_area(name.capitalize(), words, key=f"rv_edit_{name}")
            st.form_submit_button("Save", icon=":material/save:", on_click=desk.save_edit, args=(candidate,))
    opinions = found.opinions.get(current, ())
    if states[current] != found.states[current]:  # others spoke, and this reviewer has not: not to be swayed
        opinions = ()
    versions = Candidates(workspace.events()).history(batch.batch_id, current)
    candidate_card.show(
        view, candidate, versions, found.effect(current), states[current], opinions, of_theme(candidate)
    )
    with question:
        desk.ask_why(candidate)
    with bar:
        return decide(candidate, before, after)


def decide(candidate: Candidate, before: str | None, after: str | None) -> list[Act]:
    """The buttons, for a row; returns what is done less often, for *More*."""
    current = candidate.candidate_id
    seen = reviews.seen_by(current, author)
    never = (
        "" if may_be_accepted(candidate) else f"{CHECKS[candidate.verdict].word}: edit it and have the edit measured."
    )
    rarely: list[Act] = []
    for choice, (word, key, icon) in BUTTONS.items():
        if choice in _RARELY:
            args = (candidate, choice, seen, after)
            rarely.append(Act(word, key, icon, desk.decide, args, f"rv_{choice}_{current}", barred("review")))
            continue
        accepts = choice == "accepted"
        asks = needs_note(candidate) if accepts else choice == "rejected"
        st.button(
            f"{word}…" if asks else word,
            icon=icon,
            shortcut=key,
            key=f"rv_{choice}_{current}",
            type="primary" if accepts else "secondary",
            on_click=desk.decide,
            args=(candidate, choice, seen, after),
            **barred("review", disabled=accepts and bool(never), help=(never or None) if accepts else None),
        )
    st.button(
        "Edit",
        icon=":material/edit:",
        shortcut="E",
        on_click=desk.start_editing,
        args=(current,),
        **barred("candidate"),
    )
    for word, key, to in (("Previous", "Left", before), ("Next", "Right", after)):
        icon = f":material/arrow_{'back' if to == before else 'forward'}:"
        rarely.append(Act(word, key, icon, desk.go, (to,), look={"disabled": to is None}))
    return rarely


def is_left(candidate_id: str) -> bool:
    """Whether somebody else looks at a candidate, and no second reviewer is needed."""
    return candidate_id in taken and min_reviews == 1


def next_of(ids: list[str]) -> str | None:
    """What comes up where no candidate is asked for: it stays; after a decision the next that is not left to others."""
    begin, (whose, up) = st.session_state.pop(NEXT, None), st.session_state.get(PLACE, ("", ""))
    if begin is None and whose == author and (up in ids or (up in found.shown and desk.holds(up))):
        return up
    start = ids.index(begin) if begin in ids else 0
    turned = ids[start:] + ids[:start]
    up = comes_up(turned, claims, taken, author) if min_reviews == 1 else next(iter(turned), None)
    st.session_state[PLACE] = (author, up)
    return up


named, wanted = choose_queue()
ids, as_table = choose_filters(wanted)
rarely: list[Act] = []
if named and named not in found.shown:
    wrong(f"Candidate {st_text(named)} is not in this batch.")
show_edits()
if as_table and ids:
    candidate_table.show(desk, found, states, ids)
elif current := named if named in found.shown else next_of(ids):
    rarely = card(ids, current)
else:
    st.success("Nothing left in this queue.", icon=":material/task_alt:")
    label = (
        "Export what is accepted"  # without a number: real texts that are mixed in are among those that people accept
    )
    st.page_link(script("export"), label=label, icon=":material/download:", query_params=kept(view))
with bar:
    show_undo(desk.undo, undoes=bool(last_act(history, author)))
    if acts := [*rarely, *redoing(desk.redo, redoes=bool(last_undone(history, author)))]:
        more(acts)
if hidden := len(found.shown) - len(ids):
    st.caption(
        f"{len(ids):,} of {counted(len(found.shown), 'candidate')} in this queue; {hidden:,} in others or hidden by the filter."
    )
show_effect()
team.show(view, author, found)
