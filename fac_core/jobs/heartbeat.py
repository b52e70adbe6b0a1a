"""A worker's sign of life: a lock that its process holds, and a beat from a thread, also during a slow step."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fac_core.errors import FacError
from fac_core.store.process_lock import held
from fac_core.store.upkeep.sweeping import sweep_workers, sweep_workspace
from fac_core.store.workspace import Workspace

logger = logging.getLogger(__name__)

_SECONDS = 2.0


@contextmanager
def told_to_end() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, in order: with the exit code that whoever sent it expects."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def beating(workspace: Workspace) -> Iterator[str]:
    """Live as a worker of this workspace; gives the worker's id. Those that were killed are forgotten."""
    host, pid = socket.gethostname(), os.getpid()
    worker = f"worker-{host}-{pid}-{secrets.token_hex(3)}"
    pulses, stop = workspace.pulses(), threading.Event()

    def beat() -> None:
        while not stop.wait(_SECONDS):
            try:
                pulses.beat(worker, pid, host)
            except FacError as error:  # the disk is busy or full: the next beat will do, the lock says that we live
                logger.warning("No heartbeat: %s", error)

    sweep_workspace(workspace)
    sweep_workers(workspace)
    with told_to_end(), held(workspace.jobs_folder / f"{worker}.lock", f"There is a worker {worker} already."):
        pulses.beat(worker, pid, host)
        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield worker
        finally:
            stop.set()
            thread.join()
            pulses.forget(worker)
