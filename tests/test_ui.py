"""`fac ui` opens a window only once the server answers, and gives up on one that never does."""

from __future__ import annotations

import http.server
import threading
import webbrowser

import pytest

from fac_core.cli.machine import _open_once_up


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", found.append)
    return found


def test_a_window_is_opened_when_the_server_answers(opened):
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

    with http.server.HTTPServer(("localhost", 0), Healthy) as server:
        threading.Thread(target=server.handle_request).start()
        address = f"http://localhost:{server.server_address[1]}"
        _open_once_up(address, patience=10)
    assert opened == [address]


def test_no_window_is_opened_for_a_server_that_never_answers(opened):
    _open_once_up("http://localhost:9", patience=0.5)
    assert opened == []
