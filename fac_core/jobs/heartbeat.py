"""A worker's sign of life: a lock that its process holds, and a beat from a thread, also during a slow step."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fac_core.errors import StoreBusy
from fac_core.store.process_lock import held
from fac_core.store.workspace import Workspace

logger = logging.getLogger(__name__)

_SECONDS = 2.0


@contextmanager
def beating(workspace: Workspace) -> Iterator[str]:
    """Live as a worker of this workspace; gives the worker's id."""
    host, pid = socket.gethostname(), os.getpid()
    worker = f"worker-{host}-{pid}-{secrets.token_hex(3)}"
    pulses, stop = workspace.pulses(), threading.Event()

    def beat() -> None:
        while not stop.wait(_SECONDS):
            try:
                pulses.beat(worker, pid, host)
            except StoreBusy as error:  # the next beat will do
                logger.warning("No heartbeat: %s", error)

    with held(workspace.jobs_folder / f"{worker}.lock", f"There is a worker {worker} already."):
        pulses.beat(worker, pid, host)
        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield worker
        finally:
            stop.set()
            thread.join()
            pulses.forget(worker)
