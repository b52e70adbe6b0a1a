"""Servers of this machine are found by what they answer, and nothing else is taken for one."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fac_core.generators.openai_compatible import models_of, nearby


@contextmanager
def answering(body: bytes, elsewhere: int | None = None) -> Iterator[int]:
    """A server with this list of models, or one that sends there for it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(404 if self.path != "/v1/models" else 302 if elsewhere else 200)
            if elsewhere:
                self.send_header("Location", f"http://localhost:{elsewhere}/v1/models")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("localhost", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def test_a_server_is_found_with_its_models():
    with answering(b'{"data": [{"id": "small"}, {"id": "large"}]}') as port:
        (found,) = nearby({"ollama": port, "nobody": 9})
    assert (found.name, found.address, found.models) == ("ollama", f"http://localhost:{port}/v1", ("small", "large"))


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 3}', b'{"data": [{}]}', b"\xff", b""])
def test_what_answers_otherwise_is_none(body):
    with answering(body) as port:
        assert models_of(f"http://localhost:{port}/v1") == ()


def test_a_server_that_sends_elsewhere_for_its_models_has_none():
    with answering(b'{"data": [{"id": "small"}]}') as other, answering(b"", elsewhere=other) as port:
        assert models_of(f"http://localhost:{other}/v1") == ("small",)
        assert models_of(f"http://localhost:{port}/v1") == ()
