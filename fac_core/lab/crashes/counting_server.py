"""A server of chat completions on loopback that writes down what it was paid for, in a process that nobody kills."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from typing import Any

_ANSWER = {
    "label": "words of the court",
    "name": "words of the court",
    "text": "the judge reads the clause to the party",
    "contain": [1],
    "level": "Yes",
    "verdict": "Yes",
    "reason": "it says so",
}
"""Whatever is asked, something in it fits."""


class _Handler(BaseHTTPRequestHandler):
    server: _Counting

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        paid = hashlib.sha256(body).hexdigest()[:16]
        with self.server.ledger.open(
            "a"
        ) as ledger:  # one write of some bytes at the end: whole, also from many threads
            ledger.write(f"{paid}\n")
        asked: dict[str, Any] = json.loads(body)
        message = {"role": "assistant", "content": json.dumps({**_ANSWER, "text": f"{_ANSWER['text']} {paid}"})}
        choices = [{"index": i, "message": message, "finish_reason": "stop"} for i in range(asked.get("n", 1))]
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        said = {"id": paid, "object": "chat.completion", "created": 0, "model": asked["model"]}
        content = json.dumps({**said, "choices": choices, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Silent."""


class _Counting(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, ledger: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ledger = ledger

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed is no news."""


def _serve(ledger: Path, told: Any) -> None:
    server = _Counting(ledger)
    told.send(server.server_port)
    server.serve_forever()


@contextmanager
def counting_server(ledger: Path) -> Iterator[str]:
    """The address of the server, which adds a line to `ledger` for each request that it answers."""
    here, there = get_context("fork").Pipe()
    process = get_context("fork").Process(target=_serve, args=(ledger, there), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}/v1"
    finally:
        process.kill()
        process.join()


def paid_twice(ledger: Path) -> int:
    """Requests that were paid for more than once, each as often as that."""
    if not ledger.exists():
        return 0
    counted = Counter(ledger.read_text().split())
    return counted.total() - len(counted)
