"""Health over HTTP, for proxies, containers and Prometheus: `/live`, `/ready`, `/metrics`. It only reads, and asks nobody who they are."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fac_core.errors import WrongUse
from fac_core.operations.health import Health
from fac_core.operations.metrics import CONTENT_TYPE, metrics

logger = logging.getLogger(__name__)


def endpoint(look: Callable[[], Health], host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers by looking anew each time; `serve_forever` runs it. Port 0: any free one.

    Raises `WrongUse` where nothing can listen.
    """

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/live":
                self._answer(200, "text/plain", "ok\n")
            elif self.path == "/ready":
                found = look()
                self._answer(200 if found.ready else 503, "application/json", json.dumps(_ready(found)) + "\n")
            elif self.path == "/metrics":
                self._answer(200, CONTENT_TYPE, metrics(look()))
            else:
                self._answer(404, "text/plain", "There are /live, /ready and /metrics.\n")

        def _answer(self, code: int, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name that it has there
            logger.debug(format, *args)

    try:
        return ThreadingHTTPServer((host, port), Answers)
    except OSError as error:
        raise WrongUse(f"Nothing can listen at {host}:{port} ({error.strerror}). Name another port.") from error


def _ready(found: Health) -> dict[str, object]:
    """Without what was found, which may name folders: a proxy passes this on to anybody."""
    return {"ready": found.ready, **{check.name: check.ok for check in found.checks}}


def said(found: Health) -> dict[str, object]:
    """The same as a JSON object."""
    return {"ready": found.ready, **asdict(found)}
