"""`fac ui` opens a window only once the server answers, and gives up on one that never does."""

from __future__ import annotations

import http.server
import signal
import socket
import subprocess
import sys
import threading
import time
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


def test_who_ends_the_command_ends_the_server(tmp_path, opened):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "fac_core", "ui", "--no-browser", f"--port={port}", "-w", str(tmp_path / "w")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _open_once_up(f"http://localhost:{port}")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    for _ in range(100):
        with socket.socket() as asked:
            if asked.connect_ex(("localhost", port)):
                return
        time.sleep(0.1)
    raise AssertionError("The server goes on.")
