"""Synthesis: let samples be written for approved gaps, after a preview and an estimate."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.approved import approved
from dashboard.components.examples import st_text
from dashboard.components.jobs.asking import ask, newest, params_of
from dashboard.components.review.check_badge import check_look, check_words
from dashboard.components.synthesis.form import Asked, choose_theme, command, fill_in
from dashboard.components.synthesis.targets_table import choose_targets
from dashboard.components.tables import numbers, percent
from dashboard.links import kept
from dashboard.page_list import script
from dashboard.selection import chosen
from dashboard.sign_in import barred
from dashboard.theme import badge
from fac_core.curation.review import Reviews
from fac_core.errors import FacError
from fac_core.evidence.examples import TokenValue
from fac_core.progress import counted
from fac_core.report.token_heat import token_heat
from fac_core.synthesis.batches import batches_of
from fac_core.synthesis.candidates import Batch, Candidate, Candidates
from fac_core.synthesis.yields import yields
from fac_core.themes.membership import theme_called
from fac_core.view import View
from fac_core.workflows.synthesise import estimate
from fac_core.workflows.themes import filled_by_batch

_PREVIEWED = 6
_AGAIN = "The same batch goes on: what is there is kept, only what failed is asked for again."
_NO_JOB = "The command that made this batch, given again, does the same."

view, _ = chosen()
workspace = view.workspace
targeted = approved(view)
if not targeted.wanted and not targeted.covered:
    n_missing = counted(len(answer(View.coverage, view).missing), "gap")
    st.info(
        "No gap is approved yet. Samples are only written for gaps that somebody marked as target.",
        icon=":material/rule:",
    )
    st.page_link(script("overview"), label="Target a theme", icon=":material/donut_large:", query_params=kept(view))
    st.page_link(
        script("gaps"), label=f"Look at the {n_missing}", icon=":material/arrow_forward:", query_params=kept(view)
    )
    st.stop()


def show_estimate(asked: Asked) -> None:
    """Tokens, cost and minutes, low to high, before anything is asked for."""
    found = estimate(asked.spec, workspace=workspace)
    money, time = found.cost(asked.price), found.minutes(asked.spec.generator)
    cost = f", {money[0]:,.2f} to {money[1]:,.2f} to pay" if asked.price else ""
    st.caption(
        f"{counted(found.targets, 'target')}: {found.least_tokens:,} to {counted(found.most_tokens, 'generated token')}, "
        f"{time[0]:,.1f} to {time[1]:,.1f} minutes{cost}.",
        help="If every answer is as long as it may be.",
    )


def preview(candidates: list[Candidate]) -> None:
    """The newest samples, each with its proof."""
    for one in candidates:
        peak = TokenValue(*one.peak) if one.peak else None
        heat = [TokenValue(*token) for token in one.tokens]
        with st.container(border=True):
            badge(check_look(one), check_words(one))
            st.html(token_heat(one.text, heat, max(one.activation, one.delta), peak=peak))
            st.caption(f"Feature {one.feature_id} · {st_text(one.method)} · {st_text(one.detail)}")


def show_batch(batch: Batch) -> None:
    """What a batch brought, by method, and what failed in it."""
    held = Candidates(workspace.events()).of(batch.batch_id)
    states = Reviews(workspace.events(), batch.batch_id).states(held)
    st.markdown(f"Batch `{batch.batch_id}` by {st_text(batch.author)}, {batch.at[:16].replace('T', ' ')} UTC")
    if not held:
        st.info("Nothing is written yet. Samples appear here as soon as a target is done.", icon=":material/schedule:")
        return
    accepted = [one for one, state in states.items() if state == "accepted"]
    by_method = [
        {
            "method": one.method,
            "made": one.candidates,
            "passed": one.passed,
            "accepted": one.accepted,
            "yield": one.passed / one.candidates,
            "tokens": one.generated,
            "tokens for one that passes": one.tokens_per_pass,
        }
        for one in yields(held.values(), accepted)
    ]
    of = theme_called(answer(View.missing, view), str(batch.settings.get("theme") or ""))
    if of is not None:
        st.markdown(filled_by_batch(view, of, batch.batch_id).said(lambda name: f"**{st_text(name)}**"))
    tables.show(by_method, {**percent("yield"), **numbers("%.0f", "tokens for one that passes")})
    with st.expander("The newest samples", icon=":material/visibility:"):
        preview(list(held.values())[-_PREVIEWED:])
    failed = [one for one in held.values() if one.verdict in ("failed", "malformed")]
    if failed:
        with st.expander(f"{len(failed):,} without a sample", icon=":material/error:"):
            rows = [{"feature": c.feature_id, "method": c.method, "what": c.verdict, "why": c.detail} for c in failed]
            tables.show(rows)
            params = params_of(workspace, batch.batch_id)
            st.button(
                f"Retry {len(failed):,} failed",
                icon=":material/refresh:",
                key=f"retry-{batch.batch_id}",
                on_click=ask,
                args=(workspace, "synthesise", params, "Retrying", "auto_awesome"),
                **barred("job", "synthesise", disabled=params is None, help=_AGAIN if params else _NO_JOB),
            )
    st.page_link(script("review"), label=f"Review {counted(len(held), 'candidate')}", icon=":material/fact_check:")


def run_button(
    label: str, icon: str, asked: Asked | None, doing: str, *, is_primary: bool = False, help_: str | None = None
) -> None:
    """A job like the one that runs or waits is not asked for again."""
    before = newest(workspace, "synthesise", asked.params) if asked else None
    busy = f"Job {before.job_id} is at it." if before is not None and before.is_active else None
    st.button(
        label,
        icon=icon,
        type="primary" if is_primary else "secondary",
        on_click=ask,
        args=(workspace, "synthesise", asked.params if asked else {}, doing, "auto_awesome"),
        **barred("job", "synthesise", disabled=asked is None or bool(busy), help=busy or help_),
    )


st.subheader(targeted.said)
theme = choose_theme(answer(View.missing, view).themes)
targets = choose_targets(view, targeted, theme)
asked = None
with st.bottom:
    said, buttons = st.container(), st.container(horizontal=True)
try:
    asked = fill_in(view, targets, theme.name if theme else "")
    with said:
        if asked:
            show_estimate(asked)
        else:
            st.caption("Choose at least one gap, one method, and where to generate.")
except FacError as error:  # what the spec or the prompt does not allow
    st.warning(st_text(str(error)), icon=":material/error:")
with buttons:
    doing = f"Writing for {counted(len(targets), 'target')}"
    run_button(f"Write for {counted(len(targets), 'target')}", ":material/auto_awesome:", asked, doing, is_primary=True)
    first = asked.preview() if asked else None
    if first:
        about = f"{counted(first.spec.n, 'sample')} for each of {counted(len(first.spec.targets or ()), 'target')}, to see how it goes."
        run_button("Preview", ":material/preview:", first, "Writing a preview", help_=about)
if asked:
    with st.expander("The same on the command line", icon=":material/terminal:"):
        st.code(command(asked), language="bash", wrap_lines=True)
batches = batches_of(workspace, view.run, view.anchor)
if batches:
    st.subheader("What came of it")
    by_id = {batch.batch_id: batch for batch in reversed(batches)}
    one = st.selectbox(
        "Batch",
        list(by_id),
        key="sy_batch",
        format_func=lambda i: f"{i} · {by_id[i].at[:10]} · {counted(len(by_id[i].targets), 'target')}",
        width=340,
    )
    show_batch(by_id[one])
