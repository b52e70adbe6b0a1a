"""The job strip: what runs, rests or was interrupted, on every page, with what can be done about it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.page_list import script
from dashboard.sign_in import barred, who_asks
from fac_core.curation.offered import PASSING
from fac_core.jobs.control import change_job
from fac_core.jobs.in_words import age, in_words, outcome, title
from fac_core.jobs.job import ENDED, Action, Job
from fac_core.jobs.launch import ensure_worker, is_worker_alive, is_worker_starting
from fac_core.jobs.queue import Jobs
from fac_core.progress import counted
from fac_core.store.pulses import JobProgress
from fac_core.store.workspace import Workspace

_POLL = 2.0
"""Seconds between looks while something is active; nothing is asked for otherwise."""
_LOOKS = 5.0
"""A second, of all pages together: where many are open, each looks less often."""
_GONE = 60.0
"""Seconds without a look after which a visitor does not count."""
_RECENT = 600.0
"""Seconds for which the end of a job is told."""

_ACTIONS: dict[Action, tuple[str, str]] = {
    "pause": ("Pause", ":material/pause:"),
    "resume": ("Resume", ":material/play_arrow:"),
    "retry": ("Try again", ":material/replay:"),
    "cancel": ("Cancel", ":material/close:"),
}
_DISMISSED = "jobs_dismissed"
"""Session: ended jobs that the visitor has seen enough of."""
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
    jobs, _ = _looked(workspace)
    st.session_state["jobs_drawn"] = _signature(jobs)
    poll = max(_POLL, len(_seen()) / _LOOKS) if any(job.is_active for job in jobs) else None
    st.fragment(_strip, run_every=poll)(workspace)


def _strip(workspace: Workspace) -> None:
    jobs, progress = _looked(workspace)
    if _signature(jobs) != st.session_state.get("jobs_drawn"):
        # Only a look by the clock comes here: `show` has just drawn what it found, so no click is lost to the rerun.
        st.session_state["jobs_drawn"] = _signature(jobs)
        st.rerun()
    for job in jobs:
        _row(workspace, job, progress.get(job.job_id))
    if any(job.state == "queued" for job in jobs) and not (is_worker_alive(workspace) or is_worker_starting(workspace)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Jobs wait, and no worker runs.")
            st.button("Start a worker", key="start_worker", on_click=_start_worker, args=(workspace,), **barred("job"))


@st.cache_resource(show_spinner=False)
def _seen() -> dict[str, float]:
    """Session -> when its page looked last."""
    return {}


def _note_visitor() -> None:
    context, now, seen = get_script_run_ctx(), time.monotonic(), _seen()
    seen[context.session_id if context else ""] = now
    for visitor in [one for one, at in list(seen.items()) if now - at > _GONE]:
        seen.pop(visitor, None)


def _looked(workspace: Workspace) -> tuple[list[Job], Mapping[str, JobProgress]]:
    """What the strip shows and how far each job is: one look a second for all pages, and one more when a job changes."""
    _note_visitor()
    jobs = Jobs(workspace)
    told, progress = _look(jobs, jobs.newest(), int(time.monotonic()))
    seen = st.session_state.get(_DISMISSED, frozenset())
    return [job for job in told if job.job_id not in seen], progress


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs={Jobs: lambda jobs: jobs.workspace.folder})
def _look(jobs: Jobs, newest: int, second: int) -> tuple[list[Job], Mapping[str, JobProgress]]:  # noqa: ARG001  # of the key
    return _told(jobs), jobs.workspace.pulses().progress()


def _told(jobs: Jobs) -> list[Job]:
    """What the strip shows: all that a person can still do something about, and what ended just now."""
    jobs.interrupt_orphans()
    found = [job for job in jobs.all() if job.kind != "probe"]  # whose outcome stands where it was asked for
    ended = [job for job in found if job.state in ENDED and age(job.at) < _RECENT]
    return [job for job in found if job.state not in ENDED or job in ended[-1:]]


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
        if job.state in ENDED:
            _next_step(job)
            st.button(
                "Dismiss",
                key=f"strip-dismiss-{job.job_id}",
                icon=":material/close:",
                on_click=_dismiss,
                args=(job.job_id,),
            )


def _next_step(job: Job) -> None:
    """Where what a job has made is looked at: offered, for the visitor looks at something else."""
    result = job.result or {}
    if job.kind == "encode" and "run_id" in result:
        asked = {"anchor" if job.params.get("anchor") else "run": str(result["run_id"])}
        st.page_link(script("overview"), label="Look at it", icon=":material/arrow_forward:", query_params=asked)
    elif job.kind == "synthesise" and "batch_id" in result:
        asked = {"run": str(job.params.get("seed", "")), "batch": str(result["batch_id"])}
        if n := int(result.get("passed", 0)):
            asked["rv_preset"], label = PASSING, f"Review {n:,} passing"
        else:
            label = f"Look at {counted(int(result.get('candidates', 0)), 'sample')}"
        st.page_link(script("review"), label=label, icon=":material/arrow_forward:", query_params=asked)


def _dismiss(job_id: str) -> None:
    st.session_state[_DISMISSED] = st.session_state.get(_DISMISSED, frozenset()) | {job_id}


def act(workspace: Workspace, job_id: str, action: Action) -> None:
    """Carry out the visitor's action on a job; a worker is started where one is needed."""
    told(lambda: change_job(job_id, action, author=who_asks(), workspace=workspace, launch=True))


def _start_worker(workspace: Workspace) -> None:
    told(lambda: (workspace.check("job"), ensure_worker(workspace)))
