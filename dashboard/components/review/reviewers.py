"""Each reviewer of a batch: how much they decided and how long a decision takes them, and what they decided, one person at a time."""

from __future__ import annotations

import streamlit as st

from dashboard.cached import history_of
from dashboard.components import tables
from dashboard.components.tables import numbers, opens
from dashboard.links import kept, link
from fac_core.curation.decision_times import decision_times
from fac_core.curation.review import Opinion, Reviews
from fac_core.curation.standing import Standing
from fac_core.view import View

_SECONDS = "seconds a decision"


def show(view: View, author: str, found: Standing, reviews: Reviews) -> None:
    """A table of people, and a box for one of them."""
    times = decision_times(history_of(reviews))
    if not times:
        return
    rows = [
        {"reviewer": one.author, "decided": one.n, _SECONDS: one.seconds, "of so many timed": one.timed}
        for one in times
    ]
    tables.show(rows, numbers("%.0f", _SECONDS))
    st.caption("The median time from one decision to the next; pauses of five minutes and more are none of it.")
    chosen = st.selectbox(
        "Decisions of",
        [one.author for one in times],
        index=None,
        key="rv_reviewer",
        bind="query-params",
        placeholder="nobody chosen",
        width=260,
    )
    if chosen is None:
        return
    said = visible(found, chosen, author, reviews.min_reviews())
    if not said:
        st.caption("Nothing that you may see before your own decision.")
        return
    keep = {**kept(view), "batch": found.batch.batch_id}
    listed = [
        {
            "candidate": link("review", keep, candidate=one.candidate_id),
            "decision": one.choice,
            "reason": one.reason,
            "note": one.note,
            "on": one.at[:16].replace("T", " "),
            "text": found.shown[one.candidate_id].text,
        }
        for one in said
    ]
    tables.show(listed, {"candidate": opens("candidate", r"candidate=(\w+)")}, height=260)


def visible(found: Standing, reviewer: str, author: str, min_reviews: int) -> list[Opinion]:
    """What a reviewer decided, the newest first; where several must speak, what this author has decided about too."""
    return sorted(
        (
            one
            for said in found.opinions.values()
            for one in said
            if one.reviewer == reviewer and (min_reviews == 1 or any(other.reviewer == author for other in said))
        ),
        key=lambda one: one.at,
        reverse=True,
    )
