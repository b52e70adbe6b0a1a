"""Try your own text: which features fire on it, and where one feature does. The worker reads it; the page only asks."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.cached import answer
from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.jobs.asking import submitted
from dashboard.components.jobs.strip import act
from dashboard.components.tables import numbers
from dashboard.sign_in import barred
from fac_core.evidence.examples import TokenValue
from fac_core.feature import Feature
from fac_core.jobs.job import Job
from fac_core.jobs.queue import Jobs
from fac_core.progress import counted
from fac_core.report.token_heat import token_heat
from fac_core.view import View

_POLL = 1.0
"""Seconds between looks while the text is being read."""


def show(feature: Feature) -> None:
    """A box for a text, and what the feature does on it."""
    workspace = feature.view.workspace
    with st.expander("Try your own text", icon=":material/edit_note:", expanded="probe_job" in st.session_state):

        def read() -> None:
            text = st.session_state["probe_text"]
            params = {"text": text, "feature_id": feature.feature_id, "run": feature.view.anchor.run_id}
            if job := submitted(workspace, "probe", params):
                st.session_state["probe_job"] = job.job_id

        with st.form("probe", border=False):
            st.text_area("Text", key="probe_text", placeholder="Write or paste a text", label_visibility="collapsed")
            st.form_submit_button("Read it", icon=":material/play_arrow:", on_click=read, **barred("job", "probe"))
        job_id = st.session_state.get("probe_job")
        if job_id is not None:
            poll = _POLL if Jobs(workspace).job(job_id).is_active else None
            st.fragment(_outcome, run_every=poll)(feature, job_id)


def _outcome(feature: Feature, job_id: str) -> None:
    jobs = Jobs(feature.view.workspace)
    jobs.interrupt_orphans()
    job = jobs.job(job_id)
    if job.is_active:
        st.session_state["probe_waits"] = True
        st.caption(_waiting(jobs, job))
        return
    if st.session_state.pop("probe_waits", False):
        st.rerun()  # once, so that the clock stops
    if job.state != "succeeded":
        st.error(f"{job.state.capitalize()}: {st_text(job.error)}", icon=":material/error:")
        action = "retry" if job.state == "failed" else "resume"
        st.button(
            "Try again",
            key="probe_again",
            on_click=act,
            args=(feature.view.workspace, job_id, action),
            **barred("job", "probe"),
        )
        return
    _result(feature, job.result or {})


def _waiting(jobs: Jobs, job: Job) -> str:
    """What the page says until the worker has read the text."""
    if job.state == "running":
        return "The model reads your text… (the first one waits until the model is loaded)"
    busy = [other for other in jobs.all() if other.state == "running"]
    return f"Waits for job {busy[0].job_id} to make room…" if busy else "Waits for a worker…"


def _result(feature: Feature, found: dict[str, Any]) -> None:
    feature_id, words = feature.feature_id, answer(View.states, feature.view)["words"]
    asked = found["feature"] or {"feature_id": None}
    if asked["feature_id"] == feature_id:
        st.markdown(
            f"Feature {feature_id} reaches **{asked['activation']:.2f}** on your text."
            if asked["tokens"]
            else f"Feature {feature_id} is **silent** on your text."
        )
        _heat(found["text"], asked)
    else:
        st.caption("Your last text was read for another feature. Read it again for this one.")
    cut = " The text is longer than the window and was cut." if found["truncated"] else ""
    st.markdown(
        f"Fired on its {counted(found['n_tokens'], 'token')}: {counted(found['n_fired'], 'feature')}; the strongest:{cut}"
    )
    rows = [
        {
            "feature": one["feature_id"],
            "activation": one["activation"],
            "at": found["text"][slice(*max(one["tokens"], key=lambda token: token[2])[:2])] if one["tokens"] else "",
            "peaks on, in the anchor": words[one["feature_id"]].as_py(),
        }
        for one in found["top"]
    ]
    tables.show(rows, numbers("%.2f", "activation"))


def _heat(text: str, fired: dict[str, Any]) -> None:
    tokens = [TokenValue(start, end, value) for start, end, value in fired["tokens"]]
    peak = max(tokens, key=lambda token: token.activation, default=None)
    st.html(token_heat(text, tokens, fired["activation"], peak=peak))
