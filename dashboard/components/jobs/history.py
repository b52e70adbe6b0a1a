"""All jobs of the workspace, the newest first; one of them with what can be done about it and its log."""

from __future__ import annotations

import json

import streamlit as st

from dashboard.components import tables
from dashboard.components.examples import st_text
from dashboard.components.jobs.strip import act
from dashboard.sign_in import barred
from fac_core.jobs.control import job_log
from fac_core.jobs.in_words import outcome, title
from fac_core.jobs.job import Job
from fac_core.jobs.queue import Jobs
from fac_core.store.workspace import Workspace

_LINES = 40


def show(workspace: Workspace) -> None:
    """The list and one job in detail."""
    jobs = list(reversed(Jobs(workspace).all()))
    if not jobs:
        st.caption("No job yet.")
        return
    tables.show([_row(job) for job in jobs], height=min(300, 36 * (len(jobs) + 1)))
    by_id = {job.job_id: job for job in jobs}
    chosen = st.selectbox("Job", list(by_id), index=None, key="dq_job", placeholder="Choose a job to see its log")
    if chosen is None:
        return
    job = by_id[chosen]
    st.markdown(f"**Job {job.job_id}** {st_text(title(job))}: {job.state}. {st_text(outcome(job))}")
    if job.state in ("cancelled", "failed"):  # the strip offers what is more urgent
        action, label = ("resume", "Resume") if job.state == "cancelled" else ("retry", "Try again")
        st.button(
            label, key="list_again", on_click=act, args=(workspace, job.job_id, action), **barred("job", job.kind)
        )
    st.code("\n".join(job_log(job.job_id, _LINES, workspace=workspace)) or "No log yet.", language=None)
    with st.expander("Parameters"):
        st.code(json.dumps(job.params, indent=2, ensure_ascii=False), language="json")


def _row(job: Job) -> dict[str, object]:
    about = str(job.params.get("name") or job.params.get("source") or job.params.get("text") or "")
    return {
        "job": int(job.job_id),
        "kind": job.kind,
        "about": about[:120],
        "state": f"{job.state}, {job.wish} asked" if job.wish else job.state,
        "asked by": job.asked_by,
        "changed": job.at[:19].replace("T", " "),
        "error": job.error,
    }
