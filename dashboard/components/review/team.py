"""The people behind a batch's decisions: how many must agree, how far they do, and what real texts say of them."""

from __future__ import annotations

import streamlit as st

from dashboard.components import tables
from dashboard.components.review import reviewers
from dashboard.components.tables import percent
from dashboard.components.told import told
from dashboard.sign_in import barred
from fac_core.curation.agreement import agreement, noise_floors
from fac_core.curation.controls import Controls
from fac_core.curation.review import Reviews
from fac_core.curation.standing import Standing
from fac_core.view import View


def show(view: View, author: str, found: Standing) -> None:
    """A folded section below the queue."""
    log, batch = view.workspace.events(), found.batch
    reviews = Reviews(log, batch.batch_id)

    def set_needed() -> None:
        told(lambda: reviews.set_min_reviews(st.session_state["rv_needed"], author=author))

    def mix_in() -> None:
        n, anchor = st.session_state["rv_controls"], view.workspace.opened(batch.anchor_run_id)
        controls = Controls(log, batch.batch_id)
        done = "Real texts are mixed in, unmarked."
        told(lambda: controls.mix_in(anchor, found.candidates.values(), n, author=author), done, ":material/shuffle:")

    with st.expander("Reviewers", icon=":material/groups:"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.number_input(
                "Reviewers who must agree",
                1,
                9,
                reviews.min_reviews(),
                key="rv_needed",
                on_change=set_needed,
                width=220,
                **barred("review rules", help="From two on, nobody sees the others' decisions before their own."),
            )
            st.number_input("Real texts to mix in", 1, 100, 10, key="rv_controls", width=220)
            st.button(
                "Mix in unmarked",
                icon=":material/shuffle:",
                on_click=mix_in,
                **barred(
                    "control", help="Real texts that fire the target. How many of them you reject is your noise floor."
                ),
            )
        pairs = [
            {"reviewers": " and ".join(one.reviewers), "both voted": one.n, "agree": one.share, "kappa": one.kappa}
            for one in agreement(found.opinions)
        ]
        floors = [
            {"reviewer": one.reviewer, "real texts": one.n, "rejected": one.n_rejected, "noise floor": one.rate}
            for one in noise_floors(found.opinions, found.controls)
        ]
        if pairs:
            tables.show(pairs, percent("agree"))
        if floors:
            tables.show(floors, percent("noise floor"))
        if not pairs and not floors:
            st.caption("No two people voted on the same candidate, and no real text was voted on.")
        reviewers.show(view, author, found, reviews)
