"""The worker: takes one job after the other and does it, whatever becomes of the one before.

A person's wish to pause or cancel reaches the task through its progress listener, which raises `Stopped` between units
of work. At the same workspace quick jobs go first: who tries a text does not wait for a dataset.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from fac_core.errors import FacError, Stopped
from fac_core.jobs.heartbeat import beating
from fac_core.jobs.job import Job, State
from fac_core.jobs.kinds import KINDS, QUICK, Asked, checked
from fac_core.jobs.log_file import log_path, recording
from fac_core.jobs.pace import Pace
from fac_core.jobs.queue import Jobs
from fac_core.jobs.warm import Warm
from fac_core.shortage import shortage
from fac_core.store.pulses import JobProgress, Pulses
from fac_core.store.workspace import Workspace

logger = logging.getLogger(__name__)

_LOOK_EVERY = 0.3
"""Seconds between looks at the queue, and at what people want of the running job."""

_LOG_EVERY = 10.0
"""Seconds between lines about progress in the log of a job."""

_STOPPED: dict[str, State] = {"pause": "paused", "cancel": "cancelled", "": "interrupted"}


def work(workspace: Workspace, *, once: bool = False, idle_exit: float | None = None) -> int:
    """Do jobs until interrupted. Returns how many were ended.

    Args:
        once: end when nothing waits.
        idle_exit: end after so many seconds without a job.
    """
    with beating(workspace) as name:
        worker = _Worker(name, Jobs(workspace), workspace.pulses())
        idle_since = time.monotonic()
        while True:
            worker.jobs.interrupt_orphans()
            if worker.do_next(KINDS):
                idle_since = time.monotonic()
            elif once or (idle_exit is not None and time.monotonic() - idle_since > idle_exit):
                return worker.n_ended
            else:
                time.sleep(_LOOK_EVERY)


@dataclass
class _Worker:
    name: str
    jobs: Jobs
    pulses: Pulses
    warm: Warm = field(default_factory=Warm)
    n_ended: int = 0

    def do_next(self, kinds: Collection[str]) -> bool:
        """Do one waiting job of some kinds, if there is one."""
        job = self.jobs.take(self.name, kinds, first=QUICK)
        if job is None:
            return False
        with recording(log_path(self.jobs.workspace, job.job_id)):
            self._do(job)
        self.n_ended += 1
        return True

    def _do(self, job: Job) -> None:
        logger.info("Job %s (%s) starts at %s", job.job_id, job.kind, self.name)
        try:
            self.pulses.begin(job.job_id)
            params = checked(job.kind, job.params)
            asked = Asked(self.jobs.workspace, params, job.asked_by, _Listener(self, job), self.warm)
            result = KINDS[job.kind].run(asked)
        except Stopped:
            ended = self.jobs.end(job.job_id, self.name, _STOPPED[self.jobs.job(job.job_id).wish])
        except FacError as error:
            ended = self.jobs.end(job.job_id, self.name, "failed", error=str(error))
        except Exception as error:
            logger.exception("An error that nobody foresaw")
            told = str(shortage(error, self.jobs.workspace.folder) or _unforeseen(error, job))
            ended = self.jobs.end(job.job_id, self.name, "failed", error=told)
        except BaseException:  # Ctrl-C, SIGTERM
            self.jobs.end(job.job_id, self.name, "interrupted", error="The worker was ended. Resume goes on from here.")
            raise
        else:
            ended = self.jobs.end(job.job_id, self.name, "succeeded", result=result)
        logger.info("Job %s: %s %s", job.job_id, ended.state, ended.error)


def _unforeseen(error: Exception, job: Job) -> str:
    said = (str(error).splitlines() or [""])[0].rstrip(".")
    return (
        f"Something that nobody foresaw ({type(error).__name__}, {said}). The log of job {job.job_id} has the details."
    )


class _Listener:
    """The progress callback of a job: tells how far it is, hears what people want, lets quick jobs go first."""

    def __init__(self, worker: _Worker, job: Job) -> None:
        self._worker, self._job = worker, job
        self._pace = Pace()
        self._looked = self._logged = 0.0

    def __call__(self, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        rate = self._pace.rate(now, done, total)
        if now - self._looked < _LOOK_EVERY and done != total:
            return
        self._looked = now
        self._worker.pulses.tell(JobProgress(self._job.job_id, done, total, note, rate, time.time()))
        if now - self._logged >= _LOG_EVERY or done == total:
            self._logged = now
            logger.info("%s of %s  %s", f"{done:,}", f"{total:,}" if total else "?", note)
        if self._worker.jobs.job(self._job.job_id).wish:
            raise Stopped(f"Job {self._job.job_id} was asked to end.")
        if self._job.kind not in QUICK:
            while self._worker.do_next(QUICK):
                pass
