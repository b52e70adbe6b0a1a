"""The dashboard's way to the worker: jobs run in its process, never in the page's thread."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from dashboard.components.examples import st_text
from dashboard.components.told import told
from dashboard.sign_in import who_asks
from fac_core.errors import WrongUse
from fac_core.jobs.control import list_jobs, submit_job
from fac_core.jobs.job import Job
from fac_core.jobs.kinds import checked
from fac_core.store.workspace import Workspace


def ask(workspace: Workspace, kind: str, params: dict[str, Any], doing: str, icon: str = "schedule") -> None:
    """Ask for a job in the name of the visitor, and tell of it: for a button.

    Args:
        doing: what it is about, as in `Mapping the features`.
    """
    if job := submitted(workspace, kind, params):
        st.toast(st_text(f"{doing} as job {job.job_id}."), icon=f":material/{icon}:")


def submitted(workspace: Workspace, kind: str, params: dict[str, Any]) -> Job | None:
    """A job in the name of the visitor, or the one that does the same already, as a second click would ask for; None, and it is told,
    for what the worker does not take."""
    jobs: list[Job] = []
    with suppress(WrongUse):  # which is told below
        if (there := newest(workspace, kind, params)) and there.is_active:
            return there
    told(lambda: jobs.append(submit_job(kind, params, author=who_asks(), workspace=workspace, launch=True)))
    return jobs[0] if jobs else None


def newest(workspace: Workspace, kind: str, params: dict[str, Any]) -> Job | None:
    """The newest job of a kind with just these parameters, however it stands; None if nobody asked for it yet."""
    asked = checked(kind, params).model_dump(mode="json")
    return next((job for job in reversed(list_jobs(workspace)) if (job.kind, job.params) == (kind, asked)), None)


def params_of(workspace: Workspace, batch_id: str) -> dict[str, Any] | None:
    """What the newest job of a batch was asked for, so that it can be asked again; None if no job made it."""
    for job in reversed(list_jobs(workspace)):
        if job.kind == "synthesise" and (job.result or {}).get("batch_id") == batch_id:
            return job.params
    return None
