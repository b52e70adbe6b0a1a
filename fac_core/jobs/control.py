"""Verbs about jobs: ask for one, see them, change them, do them. Asking is quick; a worker does what was asked."""

from __future__ import annotations

from typing import Any

from fac_core.jobs import log_file
from fac_core.jobs.job import Action, Job
from fac_core.jobs.kinds import checked, within
from fac_core.jobs.launch import ensure_worker
from fac_core.jobs.queue import Jobs
from fac_core.people.place import this_user
from fac_core.store.workspace import Where, Workspace


def list_jobs(workspace: Where = None) -> list[Job]:
    """All jobs, the newest last. Those whose worker is gone are marked as interrupted on the way."""
    jobs = Jobs(Workspace.at(workspace))
    orphans = {job.job_id: job for job in jobs.interrupt_orphans()}
    return [orphans.get(job.job_id, job) for job in jobs.all()]


def submit_job(
    kind: str,
    params: dict[str, Any],
    *,
    author: str | None = None,
    workspace: Where = None,
    launch: bool = False,
) -> Job:
    """Ask for a job, which a worker then does.

    Args:
        author: who asks; None is the user of this machine.
        launch: start a worker if none lives.

    Raises `WrongUse`, in one sentence, for a kind that there is not or parameters that it does not take, and `NotAllowed` for
    what whoever signed in may not ask for, a file outside of the workspace among it.

    >>> fac.submit_job("label", {"run": "seed"}, author="Ann", workspace=scratch).state
    'queued'
    """
    workspace = Workspace.at(workspace)
    given = within(workspace, kind, params)
    job = Jobs(workspace).submit(kind, checked(kind, given).model_dump(mode="json"), author=author or this_user())
    if launch:
        ensure_worker(workspace)
    return job


def change_job(
    job_id: str,
    action: Action,
    *,
    author: str | None = None,
    workspace: Where = None,
    launch: bool = False,
) -> Job:
    """Pause, cancel, resume or retry a job. Raises `NotFound`, and `WrongUse` where its state does not allow it."""
    workspace = Workspace.at(workspace)
    jobs = Jobs(workspace)
    jobs.interrupt_orphans()
    job = jobs.change(job_id, action, author=author or this_user())
    if launch and job.is_active:
        ensure_worker(workspace)
    return job


def job_log(job_id: str, n: int = 50, *, workspace: Where = None) -> list[str]:
    """The last lines of a job's log. Raises `NotFound` for a job that there is not."""
    workspace = Workspace.at(workspace)
    return log_file.last_lines(log_file.log_path(workspace, Jobs(workspace).job(job_id).job_id), n)


def work(workspace: Where = None, *, once: bool = False, idle_exit: float | None = None) -> int:
    """Be a worker: do jobs until interrupted, until none waits (`once`), or after `idle_exit` seconds without one."""
    from fac_core.jobs.worker import work as do_jobs

    return do_jobs(Workspace.at(workspace), once=once, idle_exit=idle_exit)
