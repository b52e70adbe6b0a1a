"""The job strip: what runs, rests or was interrupted, on every page, with what can be done about it."""

from __future__ import annotations

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.sign_in import barred, who_asks
from fac_core.jobs.control import change_job
from fac_core.jobs.in_words import age, in_words, outcome, title
from fac_core.jobs.job import Action, Job
from fac_core.jobs.kinds import QUICK
from fac_core.jobs.launch import ensure_worker, is_worker_alive, is_worker_starting
from fac_core.jobs.queue import Jobs
from fac_core.store.pulses import JobProgress
from fac_core.store.workspace import Workspace

_POLL = 2.0
"""Seconds between looks while something is active; nothing is asked for otherwise."""
_RECENT = 600.0
"""Seconds for which the end of a job is told."""

_ACTIONS: dict[Action, tuple[str, str]] = {
    "pause": ("Pause", ":material/pause:"),
    "resume": ("Resume", ":material/play_arrow:"),
    "retry": ("Try again", ":material/replay:"),
    "cancel": ("Cancel", ":material/close:"),
}
_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/autorenew:",
    "paused": ":material/pause_circle:",
    "succeeded": ":material/check_circle:",
    "failed": ":material/error:",
    "cancelled": ":material/cancel:",
    "interrupted": ":material/power_off:",
}


def show(workspace: Workspace) -> None:
    """Draw the strip, which looks again by itself while something is active. Nothing is drawn where nothing is."""
    jobs = _told(Jobs(workspace))
    st.session_state["jobs_drawn"] = _signature(jobs)
    poll = _POLL if any(job.is_active for job in jobs) else None
    st.fragment(_strip, run_every=poll)(workspace)


def _strip(workspace: Workspace) -> None:
    jobs = _told(Jobs(workspace))
    if _signature(jobs) != st.session_state.get("jobs_drawn"):
        # Only a look by the clock comes here: `show` has just drawn what it found, so no click is lost to the rerun.
        st.session_state["jobs_drawn"] = _signature(jobs)
        st.rerun()
    progress = workspace.pulses().progress()
    for job in jobs:
        _row(workspace, job, progress.get(job.job_id))
    if any(job.state == "queued" for job in jobs) and not (is_worker_alive(workspace) or is_worker_starting(workspace)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Jobs wait, and no worker runs.")
            st.button("Start a worker", key="start_worker", on_click=_start_worker, args=(workspace,), **barred("job"))


def _told(jobs: Jobs) -> list[Job]:
    """What the strip shows: all that a person can still do something about, and what ended just now."""
    jobs.interrupt_orphans()
    found = [job for job in jobs.all() if job.kind not in QUICK]
    ended = [job for job in found if job.state in ("succeeded", "failed", "cancelled") and age(job.at) < _RECENT]
    return [job for job in found if job.state in ("queued", "running", "paused", "interrupted") or job in ended[-1:]]


def _signature(jobs: list[Job]) -> list[tuple[str, int]]:
    return [(job.job_id, job.version) for job in jobs]


def _row(workspace: Workspace, job: Job, progress: JobProgress | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{_ICONS[job.state]} **Job {job.job_id}** {st_text(title(job))}", width="content")
        if job.state == "running":
            part = min(1.0, progress.done / progress.total) if progress and progress.total else 0.0
            st.progress(part, st_text(in_words(job, progress)), width="stretch")
        else:
            st.caption(st_text(outcome(job)), width="stretch")
        for action, (word, icon) in _ACTIONS.items():
            if job.may(action):
                key = f"strip-{action}-{job.job_id}"
                args = (workspace, job.job_id, action)
                st.button(word, key=key, icon=icon, on_click=act, args=args, **barred("job", job.kind))


def act(workspace: Workspace, job_id: str, action: Action) -> None:
    """Carry out the visitor's action on a job; a worker is started where one is needed."""
    told(lambda: change_job(job_id, action, author=who_asks(), workspace=workspace, launch=True))


def _start_worker(workspace: Workspace) -> None:
    told(lambda: (workspace.check("job"), ensure_worker(workspace)))
