"""The command that opens the dashboard: `fac ui`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
import time
import urllib.request
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from fac_core.cli.options import WorkspaceFolder
from fac_core.errors import MissingExtra, NotFound


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(ui)


def ui(
    workspace: WorkspaceFolder = None,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> int:
    """Open the dashboard in the browser. Only this machine can reach it; Ctrl-C ends it."""
    from fac_core.store.workspace import ENVIRONMENT_VARIABLE, Workspace

    missing = [name for name in ("streamlit", "plotly") if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(f"The dashboard needs {' and '.join(missing)}: pip install 'fac-explorer[dashboard]'")
    app = importlib.util.find_spec("dashboard.app")
    if app is None or app.origin is None:
        raise MissingExtra("The package `dashboard` is not installed beside `fac_core`: pip install fac-explorer")
    command = [sys.executable, "-m", "streamlit", "run", str(Path(app.origin)), f"--server.port={port}"]
    command.append("--server.headless=true")  # else Streamlit asks for an e-mail address and advertises on the page
    environment = dict(os.environ)
    try:
        environment[ENVIRONMENT_VARIABLE] = str(
            (Workspace.find() if workspace is None else Workspace(workspace)).folder
        )
    except NotFound:  # the page offers to make one, here or where it was named
        if workspace is not None:
            environment[ENVIRONMENT_VARIABLE] = str(workspace.resolve())
    if browser:
        threading.Thread(target=_open_once_up, args=(f"http://localhost:{port}",), daemon=True).start()
    try:
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603  # our own arguments
    except KeyboardInterrupt:
        return 0


def _open_once_up(address: str, patience: float = 60.0) -> None:
    """Open a browser window as soon as the server answers; nothing after so many seconds without an answer."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"{address}/_stcore/health").close()  # noqa: S310  # our own server
        except OSError:
            time.sleep(0.2)
        else:
            webbrowser.open(address)
            return
