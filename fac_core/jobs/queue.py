"""The jobs of a workspace: asked for, taken, changed and ended by events, so that no two workers hold one job.

Whoever changes a job says which version they saw; of two who saw the same, the log refuses the second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fac_core.errors import CannotWrite, Conflict, NotFound
from fac_core.jobs.job import Action, Job, State, after, job_of, payload_of
from fac_core.store.events import EventLog
from fac_core.store.process_lock import is_held
from fac_core.store.workspace import Workspace

_SCOPE, _KIND = "jobs", "job"
_TRIES = 20
"""Attempts to change a job that others change at the same moment."""


class Jobs:
    """All jobs of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._log = workspace.events()
        self._workers_log = workspace.by(None).events()
        """Taking and ending a job is a worker's, or of whoever notices that it is gone: no role stands against it."""

    def all(self) -> list[Job]:
        """Every job as it stands, in the order in which they were asked for."""
        found = self._log.latest(_SCOPE, _KIND).values()
        return sorted((job_of(event) for event in found), key=lambda job: int(job.job_id))

    def newest(self) -> int:
        """Position of the newest change in the log: while it stays, so does `all`, but for workers that are gone."""
        return self._log.newest(_SCOPE, _KIND)

    def job(self, job_id: str) -> Job:
        """One job as it stands. Raises `NotFound`."""
        past = self._log.history(_SCOPE, _KIND, job_id)
        if not past:
            raise NotFound(f"There is no job {job_id!r}. `fac jobs` lists what there is.")
        return job_of(past[-1])

    def submit(self, kind: str, params: dict[str, Any], *, author: str) -> Job:
        """Ask for something. `params` were checked by the kind (`kinds.checked`)."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        number = 1 + max((int(job.job_id) for job in self.all()), default=0)
        while True:
            asked = Job(str(number), kind, params, asked_by=author, asked_at=now)
            try:
                return self._append(asked, author, self._log)
            except Conflict:  # somebody took the number
                number += 1

    def change(self, job_id: str, action: Action, *, author: str) -> Job:
        """Pause, cancel, resume or retry. A running job is asked, and obeys between units of work.

        Raises `NotFound`, and `WrongUse` where the job's state does not allow it.
        """
        return self._changed(job_id, lambda job: after(job, action), author, self._log)

    def take(self, worker: str, kinds: Collection[str], first: Collection[str] = ()) -> Job | None:
        """The next waiting job of some kinds, now running at this worker; those of the kinds `first` come first."""
        waiting = [job for job in self.all() if job.state == "queued" and job.kind in kinds]
        for job in sorted(waiting, key=lambda job: job.kind not in first):
            try:
                return self._append(replace(job, state="running", worker=worker), worker, self._workers_log)
            except Conflict:  # another worker was quicker, or somebody cancelled it
                continue
        return None

    def end(
        self, job_id: str, worker: str, state: State, *, result: dict[str, Any] | None = None, error: str = ""
    ) -> Job:
        """What came of a job. One that is no longer this worker's is left as it is."""

        def ended(job: Job) -> Job:
            if (job.state, job.worker) != ("running", worker):
                return job
            return replace(job, state=state, wish="", result=result, error=error)

        return self._changed(job_id, ended, worker, self._workers_log)

    def interrupt_orphans(self) -> list[Job]:
        """Mark running jobs whose worker is gone as interrupted; returns them.

        Where nothing can be written, nothing is marked, and they are returned all the same.
        """
        orphans = [job for job in self.all() if job.state == "running" and not self.is_alive(job.worker)]
        lost = "Its worker ended before it was done. Resume goes on from what is finished."
        try:
            return [self.end(job.job_id, job.worker, "interrupted", error=lost) for job in orphans]
        except CannotWrite as error:
            return [replace(job, state="interrupted", wish="", error=f"{lost} {error}") for job in orphans]

    def is_alive(self, worker: str) -> bool:
        """Whether a worker's process lives."""
        return is_held(self.workspace.jobs_folder / f"{worker}.lock")

    def _changed(self, job_id: str, change: Callable[[Job], Job], author: str, log: EventLog) -> Job:
        for _ in range(_TRIES):
            job = self.job(job_id)
            changed = change(job)
            if changed == job:
                return job
            try:
                return self._append(changed, author, log)
            except Conflict:
                continue
        raise Conflict(f"Job {job_id} keeps being changed by others. Look again.", job)  # type: ignore[possibly-undefined]

    def _append(self, job: Job, author: str, log: EventLog) -> Job:
        return job_of(log.append(_SCOPE, _KIND, job.job_id, payload_of(job), author=author, seen=job.version))
