"""`fac ui` warms the pages and opens a window once the server answers, says that its port is taken, and takes its server along when it ends."""

from __future__ import annotations

import http.server
import socket
import subprocess
import sys
import threading
import time
import webbrowser

import pytest

import fac_core as fac
from dashboard.server import free_port
from fac_core.cli import machine
from fac_core.cli.machine import _once_up, ui
from fac_core.errors import WrongUse
from fac_core.jobs import launch
from fac_core.jobs.launch import ensure_worker


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(webbrowser, "open", found.append)
    return found


@pytest.fixture
def warmed(monkeypatch) -> list[str]:
    """Addresses whose pages are visited before a person comes."""
    found: list[str] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command: found.append(command[-1]))
    return found


@pytest.mark.parametrize("browser", [True, False])
def test_pages_are_warmed_and_a_window_is_opened_when_the_server_answers(opened, warmed, browser):
    class Healthy(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

    with http.server.HTTPServer(("localhost", 0), Healthy) as server:
        threading.Thread(target=server.handle_request).start()
        address = f"http://localhost:{server.server_address[1]}"
        _once_up(address, browser, patience=10)
    assert warmed == [address]
    assert opened == [address] * browser


def test_nothing_is_opened_for_a_server_that_never_answers(opened, warmed):
    _once_up("http://localhost:9", browser=True, patience=0.5)
    assert opened == warmed == []


def test_who_is_told_to_stop_stops_the_server_too(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "fac_core", "ui", "--no-browser", "--port", str(port), "-w", str(tmp_path / "w")]
    fac.Workspace.create(tmp_path / "w")
    with subprocess.Popen(command) as ui:
        assert answers(port, wanted=True)
        ui.terminate()
        assert ui.wait(30) == 0
    assert answers(port, wanted=False)


def test_no_module_of_the_folder_it_is_called_in_is_imported(tmp_path, monkeypatch):
    """Which may be somebody else's: an archive that was unpacked, a shared disk."""
    fac.Workspace.create(tmp_path / "w")
    for name in ("streamlit", "json", "fac_core"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('somebody else was run')")
    monkeypatch.chdir(tmp_path)
    started: list[list[str]] = []
    monkeypatch.setattr(machine, "_serve", lambda command, _environment: started.append(command) or 0)
    port = free_port()
    ui(tmp_path / "w", port, browser=False)
    with monkeypatch.context() as patched:
        patched.setattr(launch.subprocess, "Popen", lambda command, **_options: started.append(command))
        ensure_worker(fac.Workspace(tmp_path / "w"))
    server, worker = started
    said = subprocess.run([*server[: server.index("run")], "version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("Streamlit, version")
    assert subprocess.run([*worker[: worker.index("--idle-exit")], "--idle-exit", "0"], check=False).returncode == 0


def test_a_port_that_is_taken_is_said_with_the_way_out(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(WrongUse, match=f"Port {port} is taken.*--port {port + 1}"):
            ui(None, port, browser=False)


def answers(port: int, *, wanted: bool) -> bool:
    """Whether something listens at a port before long; or, where none is wanted, nothing any more."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if (probe.connect_ex(("127.0.0.1", port)) == 0) == wanted:
                return True
        time.sleep(0.2)
    return False
