"""`transformers serve` with the embedded model, on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fac_core.models.embedded import embedded_path

_SECONDS_TO_START = 180
_SERVE = "from transformers.cli.transformers import app; app()"


@contextmanager
def serving(place: Path) -> Iterator[tuple[str, str]]:
    """Address and model of the server, once it is there; its log goes into a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = str(embedded_path("smollm2-135m"))
    where = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    log = place / "serve.log"
    with log.open("w") as lines:
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-c", _SERVE, "serve", folder, *where]
        process = subprocess.Popen(command, stdout=lines, stderr=lines, env=environment)
    try:
        until = time.monotonic() + _SECONDS_TO_START
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1", folder
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
            return True
    except (urllib.error.URLError, OSError):
        return False
