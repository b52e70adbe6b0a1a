"""`transformers serve` with the embedded model, on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.server import free_port, running
from fac_core.models.embedded import embedded_path

_SERVE = "from transformers.cli.transformers import app; app()"


@contextmanager
def serving(place: Path) -> Iterator[tuple[str, str]]:
    """Address and model of the server, once it is there; its log goes into a folder."""
    port = free_port()
    folder = str(embedded_path("smollm2-135m"))
    where = ["--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
    command = [sys.executable, "-c", _SERVE, "serve", folder, *where]
    address, log = f"http://127.0.0.1:{port}", place / "serve.log"
    with running(command, f"{address}/health", env={"HF_HUB_OFFLINE": "1"}, log=log):
        yield f"{address}/v1", folder
