"""Review: accept, reject or edit candidates, seeing what each decision does to coverage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import get_args

import streamlit as st

from dashboard import jobs_link, sources
from dashboard.components import candidate_card, review_team
from dashboard.components.check_badge import check_words
from dashboard.components.examples import st_text
from dashboard.review_queue import PRESETS, SMALLEST, counted, my_states, neighbours, queue
from dashboard.selection import ANONYMOUS, Selection
from dashboard.theme import DECISIONS
from fac_core.coverage.effect import Counts
from fac_core.curation.agreement import progress
from fac_core.curation.claims import Claims
from fac_core.curation.review import REASONS, Choice, Reviews, State
from fac_core.curation.standing import standing
from fac_core.curation.wording import parts, reworded
from fac_core.errors import Conflict, FacError
from fac_core.synthesis.candidates import Candidate, Candidates

_BUTTONS: dict[Choice, tuple[str, str, str]] = {
    "accepted": ("Accept", "A", ":material/check:"),
    "rejected": ("Reject", "X", ":material/close:"),
    "skipped": ("Skip", "S", ":material/redo:"),
    "needs second review": ("Second opinion", "O", ":material/group:"),
}
"""Word, shortcut and icon of each decision; the same key always means the same."""

selection: Selection = st.session_state["selection"]
place, author = selection.workspace, selection.author
everything = Candidates(place.events()).batches(selection.anchor.run_id)
batches = [batch for batch in everything if batch.seed_run_id == selection.run.run_id]
if not batches:
    st.info(
        f"No candidates yet for {selection.run.name}. Approve gaps as targets, then let samples be written for them.",
        icon=":material/edit_note:",
    )
    others = {r.name for r in place.runs() for b in everything if b.seed_run_id == r.run_id}
    if others:
        st.caption(
            f"There are candidates for {st_text(', '.join(sorted(others)))}: choose it as your data on the left."
        )
    st.page_link("views/gaps.py", label="Approve gaps", icon=":material/rule:")
    st.page_link("views/synthesis.py", label="Write samples for them", icon=":material/auto_awesome:")
    st.stop()
by_id = {batch.batch_id: batch for batch in reversed(batches)}
asked = st.query_params.get("batch")
if asked is not None and asked not in by_id:
    st.warning(
        f"Batch {st_text(asked)} is not among those of this run and anchor; showing the newest.",
        icon=":material/link_off:",
    )
top = st.container(horizontal=True, vertical_alignment="bottom")
with top:
    chosen = st.selectbox(
        "Batch",
        list(by_id),
        index=None,
        key="batch",
        bind="query-params",
        placeholder=f"{batches[-1].batch_id} (newest)",
        on_change=lambda: st.session_state.update(candidate=""),
        width=340,
    )
batch = by_id.get(chosen or "", batches[-1])
reviews = Reviews(place.events(), batch.batch_id)
min_reviews = reviews.min_reviews()
try:
    found = standing(
        place,
        batch,
        sources.run_file(place.run_path(batch.seed_run_id)),
        sources.run_file(place.run_path(batch.anchor_run_id)),
        selection.definition,
        selection.relevant,
    )
except FacError as error:
    st.error(str(error), icon=":material/error:")
    st.stop()
states = my_states(found, author, min_reviews)
claims = Claims(place.pulses(), f"review/{batch.batch_id}")
taken = claims.of_others(author)


def told(act: Callable[[], object], done: str, icon: str) -> bool:
    """Carry out a decision and say what came of it on the next page that is drawn."""
    try:
        act()
    except Conflict as conflict:
        st.toast(str(conflict), icon=":material/group:")
        return False
    except FacError as error:
        st.toast(str(error), icon=":material/error:")
        return False
    st.toast(done, icon=icon)
    return True


def go(candidate_id: str | None) -> None:
    """Show a candidate; None is the first of the queue."""
    st.session_state["candidate"] = candidate_id or ""
    st.session_state["rv_editing"] = None


def decide(candidate: Candidate, choice: Choice, seen: int, following: str | None) -> None:
    word, _, icon = _BUTTONS[choice]
    reason = (st.session_state.get("rv_reason") or "") if choice == "rejected" else ""
    note = st.session_state.get("rv_note") or ""

    def act() -> None:
        reviews.decide(candidate, choice, author=author, seen=seen, reason=reason, note=note)

    if told(act, f"{word}: {candidate.candidate_id}. Z takes it back.", icon):
        st.session_state["rv_note"] = ""
        if not st.session_state.get("rv_stay"):
            go(following)


def decide_many(candidates: Sequence[Candidate], choice: Choice) -> None:
    word, _, icon = _BUTTONS[choice]
    reason = (st.session_state.get("rv_reason") or "") if choice == "rejected" else ""
    note = st.session_state.get("rv_note") or ""

    def act() -> None:
        reviews.decide_many(candidates, choice, author=author, reason=reason, note=note)

    told(act, f"{word}: {len(candidates):,} candidates. One undo takes it back.", icon)


def undo() -> None:
    undone = reviews.undo(reviews.last(author), author=author)
    st.session_state["rv_undone"] = undone
    if undone:
        go(undone[-1].item.partition(":")[0])
    st.toast(f"Took back {len(undone):,} of your decisions.", icon=":material/undo:")


def redo() -> None:
    redone = reviews.undo(st.session_state.pop("rv_undone", []), author=author)
    st.toast(f"{len(redone):,} decisions are back.", icon=":material/redo:")


def start_editing(candidate_id: str) -> None:
    st.session_state["rv_editing"] = candidate_id


def save_edit(candidate: Candidate) -> None:
    edited = {name: st.session_state[f"rv_edit_{name}"] for name in parts(candidate)}
    text, fields = reworded(candidate, edited)
    done = "Saved as a new version. It can be accepted once it was verified."
    if told(lambda: reviews.edit(candidate, text, fields=fields, author=author), done, ":material/edit:"):
        st.session_state["rv_editing"] = None


def verify() -> None:
    told(
        lambda: jobs_link.submit(selection, "verify_edits", {"batch_id": batch.batch_id}),
        "The worker measures the edits.",
        ":material/bolt:",
    )


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
            st.button(f"Verify {edits:,} edits", icon=":material/bolt:", on_click=verify)


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
            on_change=go,
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
            on_change=go,
            args=(None,),
        )
        feature = st.number_input(
            "Feature",
            0,
            selection.anchor.d_sae - 1,
            None,
            key="rv_feature",
            bind="query-params",
            width=120,
            on_change=go,
            args=(None,),
        )
        st.button("Undo", icon=":material/undo:", shortcut="Z", on_click=undo, disabled=not reviews.last(author))
        st.button(
            "Redo",
            icon=":material/redo:",
            shortcut="Y",
            on_click=redo,
            disabled=not st.session_state.get("rv_undone"),
        )
    ids = queue(found, states, wanted=wanted or ["pending"], preset=preset, feature_id=feature)
    st.caption(f"{len(ids):,} of {len(found.shown):,} shown; {len(found.shown) - len(ids):,} hidden by the filters.")
    return ids


def reasons() -> None:
    with st.container(horizontal=True):
        st.selectbox("Reason to reject", REASONS, index=None, key="rv_reason", placeholder="choose one", width=260)
        st.text_input("Note", key="rv_note", placeholder="needed to accept against the check")


def card(ids: list[str], current: str) -> None:
    """One candidate, its buttons first."""
    candidate = found.shown[current]
    before, after = neighbours(offered(ids, current), current)
    seen = reviews.seen_by(current, author)
    with st.container(horizontal=True):
        for choice, (word, key, icon) in _BUTTONS.items():
            st.button(
                word,
                icon=icon,
                shortcut=key,
                key=f"rv_{choice}",
                type="primary" if choice == "accepted" else "secondary",
                on_click=decide,
                args=(candidate, choice, seen, after),
            )
        st.button("Edit", icon=":material/edit:", shortcut="E", on_click=start_editing, args=(current,))
        st.button("Previous", shortcut="Left", on_click=go, args=(before,), disabled=before is None)
        st.button("Next", shortcut="Right", on_click=go, args=(after,), disabled=after is None)
        st.toggle("Stay after deciding", key="rv_stay")
    reasons()
    if st.session_state.get("rv_editing") == current:
        with st.form("rv_edit"):
            for name, words in parts(candidate).items():
                st.text_area(name.capitalize(), words, key=f"rv_edit_{name}")
            st.form_submit_button("Save", icon=":material/save:", on_click=save_edit, args=(candidate,))
    claim(current)
    opinions = found.opinions.get(current, ())
    if states[current] != found.states[current]:  # others spoke, and this reviewer has not: not to be swayed
        opinions = ()
    history = Candidates(place.events()).history(batch.batch_id, current)
    candidate_card.show(selection, candidate, history, found.effect(current), states[current], opinions)


def offered(ids: list[str], current: str = "") -> list[str]:
    """What nobody else looks at; where a candidate needs several reviewers, all of them."""
    return [one for one in ids if min_reviews > 1 or one == current or one not in taken]


def claim(current: str) -> None:
    """Say who else looks at a candidate, and to others that this reviewer does. Nothing is locked."""
    if current in taken:
        st.caption(f":material/visibility: {st_text(taken[current])} is looking at this one.")
    if author != ANONYMOUS:
        claims.look(current, author=author)


def bulk(ids: list[str]) -> None:
    """All that the filters leave, as a table; the decision is about those that are ticked, or about all."""
    reasons()
    # The key changes with the rows: a selection is by position and must never outlive the list it was made in.
    key = "rv-table-" + hashlib.sha256(str(ids).encode()).hexdigest()[:12]
    rows = [
        {
            "candidate": one,
            "feature": found.shown[one].feature_id,
            "state": states[one],
            "check": check_words(found.shown[one]).replace("\\", ""),
            "adds": len(added.new),
            "nearer": added.nearer,
            "text": found.shown[one].text,
        }
        for one, added in ((one, found.effect(one).addition) for one in ids)
    ]
    ticked = st.dataframe(
        rows,
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        column_config={
            "text": st.column_config.TextColumn(width="large"),
            "adds": st.column_config.NumberColumn(help="Features that accepting it covers anew."),
            "nearer": st.column_config.NumberColumn(help="Gaps that it brings a sample nearer."),
        },
    ).selection.rows
    marked = [found.shown[ids[i]] for i in ticked if i < len(ids)]
    sure = st.checkbox(f"All {len(ids):,} of this filter", key=f"{key}-all")
    acting = [found.shown[one] for one in ids] if sure else marked
    with st.container(horizontal=True):
        for choice, (word, _, icon) in _BUTTONS.items():
            st.button(
                f"{word} {len(acting):,}",
                icon=icon,
                key=f"rv_many_{choice}",
                disabled=not acting,
                on_click=decide_many,
                args=(acting, choice),
            )


head()
ids = filters()
with top:
    view = st.segmented_control("View", ["one at a time", "table"], default=None, key="rv_view", bind="query-params")
    link = st.text_input("Candidate", key="candidate", bind="query-params", placeholder="id", width=200)
if link and link not in found.shown:
    st.warning(f"Candidate {st_text(link)} is not in this batch.", icon=":material/link_off:")
current = link if link in found.shown else next(iter(offered(ids) or ids), None)
if view == "table" and ids:
    bulk(ids)
elif current:
    card(ids, current)
else:
    st.success("Nothing left in this queue.", icon=":material/task_alt:")
    st.page_link("views/export.py", label="Export what is accepted", icon=":material/download:")
review_team.show(selection, batch, found)
