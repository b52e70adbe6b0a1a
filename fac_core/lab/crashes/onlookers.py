"""Whoever has the workspace open meanwhile: looks at what a page shows, and decides."""

from __future__ import annotations

import signal
from types import FrameType

from fac_core.errors import Conflict
from fac_core.jobs.control import list_jobs
from fac_core.jobs.in_words import in_words, outcome
from fac_core.lab.crashes.victims import Place
from fac_core.view import View


def look_and_decide(at: Place, name: str) -> None:
    """Until told to go. A decision that somebody took first is looked at again; every other one is acknowledged."""
    gone = False

    def go(_number: int, _frame: FrameType | None) -> None:
        nonlocal gone
        gone = True

    signal.signal(signal.SIGTERM, go)
    log = at.workspace.events()
    n = 0
    with at.acknowledged.open("a") as told:
        while not gone:
            progress = at.workspace.pulses().progress()
            for job in list_jobs(at.workspace):
                in_words(job, progress.get(job.job_id)) if job.state == "running" else outcome(job)
            View.find("seed", workspace=at.workspace).coverage()
            at.workspace.runs()
            try:
                log.append("crash", "shared", str(n // 2), {"by": name}, author=name, seen=n % 2)
            except Conflict as conflict:
                if "Look again" not in str(conflict):
                    raise
            log.append("crash", "note", f"{name}-{n}", {"said": str(n)}, author=name, seen=0)
            told.write(f"{name}-{n}\n")
            told.flush()
            n += 1
