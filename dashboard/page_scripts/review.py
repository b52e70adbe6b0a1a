"""Review: accept, reject or edit candidates, seeing what each decision does to coverage."""

from __future__ import annotations

from typing import get_args

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.queues import ask_name, look_at, undo_and_redo
from dashboard.components.review import candidate_card, candidate_table, team
from dashboard.components.review.desk import AT, BUTTONS, EDITING, ReviewDesk
from dashboard.links import wrong
from dashboard.page_list import script
from dashboard.pickers.feature import choose_feature
from dashboard.selection import chosen
from dashboard.sign_in import barred
from dashboard.theme import DECISIONS
from fac_core.coverage.effect import Counts
from fac_core.curation.agreement import progress
from fac_core.curation.claims import Claims
from fac_core.curation.offered import PRESETS, SMALLEST, counted, my_states, neighbours, queue
from fac_core.curation.review import State
from fac_core.curation.wording import parts
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Candidates
from fac_core.workflows.decide import standing

view, author = chosen()
workspace = view.workspace
batches = batches_of(workspace, view.run, view.anchor)
if not batches:
    st.info(
        f"No candidates yet for {view.run.name}. Approve gaps as targets, then let samples be written for them.",
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
top = st.container(horizontal=True, vertical_alignment="bottom")
with top:
    picked = st.selectbox(
        "Batch",
        list(by_id),
        index=None,
        key="batch",
        bind="query-params",
        placeholder=f"{batches[-1].batch_id} (newest)",
        on_change=lambda: st.session_state.update({AT: ""}),
        width=340,
    )
batch = by_id.get(picked or "", batches[-1])
desk = ReviewDesk(workspace, batch.batch_id, author)
reviews = desk.reviews
min_reviews = reviews.min_reviews()
found = standing(view, batch)
states = my_states(found, author, min_reviews)
claims = Claims(workspace.pulses(), f"review/{batch.batch_id}")
taken = claims.of_others(author)


def gained(counts: Counts) -> str | None:
    """Against the seed, in points; nothing where nothing is gained."""
    points = (counts.fac - found.seed.fac) * 100
    return f"{points:+.2f} points" if points else None


def head() -> None:
    """Coverage now and to come, progress, what waits for the worker."""
    with st.container(horizontal=True):
        st.metric("FAC now", f"{found.seed.fac:.2%}", help="Of your data, under the definition in the sidebar.")
        st.metric(
            "if accepted",
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
    st.progress(done.team / max(1, done.total), f"you {done.mine:,}, team {done.team:,} of {done.total:,}")
    edits = sum(one.verdict == "not measured" for one in found.candidates.values())
    if edits:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                f"{edits:,} edited and not measured yet: they cannot be accepted.", icon=":material/hourglass_empty:"
            )
            st.button(
                f"Verify {edits:,} edits", icon=":material/bolt:", on_click=desk.verify, **barred("job", "verify_edits")
            )


def filters() -> list[str]:
    """Draw the filters and say which candidates they leave, and how many they hide."""
    counts = counted(states)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.pills(
            "Show",
            list(get_args(State)),
            format_func=lambda one: f"{DECISIONS[one].word} {counts[one]:,}",
            selection_mode="multi",
            key="rv_state",
            bind="query-params",
            on_change=desk.go,
            args=(None,),
        )
        preset = st.selectbox(
            "Only",
            [*PRESETS, SMALLEST],
            index=None,
            key="rv_preset",
            bind="query-params",
            placeholder="all",
            width=220,
            on_change=desk.go,
            args=(None,),
        )
        feature = choose_feature(view, "Feature", "rv_feature", width=120, on_change=desk.go, args=(None,))
        undoes, redoes = bool(reviews.last(author)), bool(reviews.last_undone(author))
        undo_and_redo(desk.undo, desk.redo, undoes=undoes, redoes=redoes)
    ids = queue(found, states, wanted=wanted or ["pending"], preset=preset, feature_id=feature)
    st.caption(f"{len(ids):,} of {len(found.shown):,} shown; {len(found.shown) - len(ids):,} hidden by the filters.")
    return ids


def card(ids: list[str], current: str) -> None:
    """One candidate, its buttons first."""
    candidate = found.shown[current]
    before, after = neighbours(offered(ids, current), current)
    seen = reviews.seen_by(current, author)
    ask_name("review")
    with st.container(horizontal=True):
        for choice, (word, key, icon) in BUTTONS.items():
            st.button(
                word,
                icon=icon,
                shortcut=key,
                key=f"rv_{choice}_{current}",
                type="primary" if choice == "accepted" else "secondary",
                on_click=desk.decide,
                args=(candidate, choice, seen, after),
                **barred("review"),
            )
        st.button(
            "Edit",
            icon=":material/edit:",
            shortcut="E",
            on_click=desk.start_editing,
            args=(current,),
            **barred("candidate"),
        )
        st.button("Previous", shortcut="Left", on_click=desk.go, args=(before,), disabled=before is None)
        st.button("Next", shortcut="Right", on_click=desk.go, args=(after,), disabled=after is None)
        st.toggle("Stay after deciding", key="rv_stay")
    candidate_table.ask_reason()
    if st.session_state.get(EDITING) == current:
        with st.form("rv_edit"):
            for name, words in parts(candidate).items():
                st.text_area(name.capitalize(), words, key=f"rv_edit_{name}")
            st.form_submit_button("Save", icon=":material/save:", on_click=desk.save_edit, args=(candidate,))
    look_at(current, claims, taken, author)
    opinions = found.opinions.get(current, ())
    if states[current] != found.states[current]:  # others spoke, and this reviewer has not: not to be swayed
        opinions = ()
    history = Candidates(workspace.events()).history(batch.batch_id, current)
    candidate_card.show(view, candidate, history, found.effect(current), states[current], opinions)


def offered(ids: list[str], current: str = "") -> list[str]:
    """What nobody else looks at; where a candidate needs several reviewers, all of them."""
    return [one for one in ids if min_reviews > 1 or one == current or one not in taken]


head()
ids = filters()
with top:
    shown = st.segmented_control("As", ["one at a time", "table"], default=None, key="rv_view", bind="query-params")
    named = st.text_input("Candidate", key=AT, bind="query-params", placeholder="id", width=200)
if named and named not in found.shown:
    wrong(f"Candidate {st_text(named)} is not in this batch.")
current = named if named in found.shown else next(iter(offered(ids) or ids), None)
if shown == "table" and ids:
    candidate_table.show(desk, found, states, ids)
elif current:
    card(ids, current)
else:
    st.success("Nothing left in this queue.", icon=":material/task_alt:")
    st.page_link(script("export"), label="Export what is accepted", icon=":material/download:")
team.show(view, author, found)
