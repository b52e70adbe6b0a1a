"""Starting a worker from another program: a process of its own, which outlives whoever started it."""

from __future__ import annotations

import subprocess
import sys
import time

from fac_core.jobs.queue import Jobs
from fac_core.store.workspace import Workspace

_STARTING = 15.0
"""Seconds in which a worker that was launched may not have its lock yet."""
_IDLE_EXIT = 900
"""Seconds without a job after which a launched worker ends, and gives its memory back."""


def is_worker_alive(workspace: Workspace) -> bool:
    """Whether some worker of the workspace lives. Forgets those that do not."""
    jobs, pulses = Jobs(workspace), workspace.pulses()
    alive = False
    for worker in pulses.workers():
        if jobs.is_alive(worker.worker_id):
            alive = True
        else:
            pulses.forget(worker.worker_id)
    return alive


def is_worker_starting(workspace: Workspace) -> bool:
    """Whether one was launched a moment ago, by what this machine has run since: its clock may have been set meanwhile."""
    try:
        return 0 <= time.monotonic() - float((workspace.jobs_folder / "launched").read_text()) < _STARTING
    except (OSError, ValueError):  # none was, or the mark is of another version
        return False


def ensure_worker(workspace: Workspace) -> bool:
    """Launch a worker unless one lives or is starting. Returns whether one was launched; its words go to `worker.log`."""
    if is_worker_alive(workspace) or is_worker_starting(workspace):
        return False
    (workspace.jobs_folder / "launched").write_text(str(time.monotonic()))
    command = [
        sys.executable,
        "-P",  # no module of the folder that the dashboard was started in, which may be somebody else's
        "-m",
        "fac_core",
        "jobs",
        "worker",
        "-w",
        str(workspace.folder),
        "--idle-exit",
        str(_IDLE_EXIT),
    ]
    with (workspace.jobs_folder / "worker.log").open("ab") as log:
        subprocess.Popen(  # noqa: S603  # our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the dashboard ends the dashboard
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
            | getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    return True
