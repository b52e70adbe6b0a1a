"""A server in a process of its own, waited for until it answers: by what times the dashboard, and by the tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HEALTH = "/_stcore/health"
"""Where a dashboard says that it is there."""


def free_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


@contextmanager
def running(
    command: Sequence[str | Path],
    health: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    patience: float = 180.0,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server, from when it answers at `health` until the context ends, when it and all that it started are told to end.

    Args:
        env: variables to add to those of this process.
        log: where its words go; None drops what it does not call an error.
        patience: seconds to wait for the first answer.

    Raises `RuntimeError` for a server that ends, or does not answer so long.
    """
    with (log or Path(os.devnull)).open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603  # our own arguments
            command,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdout=lines,
            stderr=lines if log else None,
            start_new_session=True,
        )
    try:
        _await(process, health, patience)
        yield process
    finally:
        _end(process)


def _await(process: subprocess.Popen[bytes], health: str, patience: float) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(health, timeout=5).close()  # noqa: S310  # our own server
        except OSError:
            time.sleep(0.02)
        else:
            return
    ended = f"it ended with {process.returncode}" if process.returncode is not None else f"within {patience:.0f} s"
    raise RuntimeError(f"Nothing answers at {health}: {ended}.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """As `docker stop` does: what hears nothing is killed."""
    for told in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if process.poll() is None:
            os.killpg(process.pid, told) if hasattr(os, "killpg") else process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            continue
        return
