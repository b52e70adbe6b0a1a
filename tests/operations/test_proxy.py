"""Through `deploy/nginx.conf`, with TLS and a password, a page comes over its websocket; from another site, or without, it does not."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard.server import HEALTH, free_port, running
from fac_core.store.workspace import Workspace
from tests.checkout import ROOT

SITE = ROOT / "deploy" / "nginx.conf"
HOST = "fac.example.org"
_PASSWORD = "secret"  # noqa: S105  # of this test
NGINX, OPENSSL = shutil.which("nginx"), shutil.which("openssl")

pytestmark = pytest.mark.skipif(not (NGINX and OPENSSL), reason="no nginx here")


@pytest.fixture(scope="module")
def proxied(tmp_path_factory) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The port of the proxy, and who trusts its certificate; behind it `fac ui`, as for that host."""
    assert NGINX
    assert OPENSSL
    folder = tmp_path_factory.mktemp("proxy")
    Workspace.create(folder / "w")
    secure, plain, inner, well = (free_port() for _ in range(4))
    key = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={HOST}", "-addext"]
    key += [f"subjectAltName=DNS:{HOST}", "-keyout", "tls.key", "-out", "tls.crt"]
    subprocess.run(key, cwd=folder, capture_output=True, check=True)
    secret = subprocess.run([OPENSSL, "passwd", "-apr1", _PASSWORD], capture_output=True, text=True, check=True).stdout
    (folder / "users").write_text(f"ann:{secret}")
    site = SITE.read_text().replace("/etc/fac/", f"{folder}/").replace("listen 443", f"listen {secure}")
    site = site.replace("listen 80", f"listen {plain}").replace(":8501", f":{inner}").replace(":9108", f":{well}")
    (folder / "site.conf").write_text(site)
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    log = f"error_log {folder}/error.log"
    user = "user root;" if os.geteuid() == 0 else ""  # who reads the list of people
    whole = f"{user} pid {folder}/pid; {log}; daemon off; events {{}} http {{ access_log off; {places} include {folder}/site.conf; }}"
    (folder / "nginx.conf").write_text(whole)
    command = [sys.executable, "-m", "fac_core", "ui", "--no-browser", f"--port={inner}", "-w", str(folder / "w")]
    with subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL) as nginx:
        try:
            with running(
                command, f"http://localhost:{inner}{HEALTH}", env={"STREAMLIT_BROWSER_SERVER_ADDRESS": HOST}
            ):  # the proxy is long there then
                yield secure, ssl.create_default_context(cafile=folder / "tls.crt")
        finally:
            nginx.send_signal(signal.SIGTERM)


def drawn(proxied: tuple[int, ssl.SSLContext], password: str = _PASSWORD, origin: str = f"https://{HOST}") -> int:
    """How many elements a page has, over the websocket, as a browser asks that shows a page of `origin`."""
    port, trusted = proxied
    header = {"Authorization": "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()}
    with connect(
        f"wss://{HOST}:{port}/_stcore/stream",
        sock=socket.create_connection(("127.0.0.1", port)),
        ssl=trusted,
        server_hostname=HOST,
        origin=origin,  # type: ignore[arg-type]
        additional_headers=header,
        max_size=None,
    ) as browser:
        asked = BackMsg()
        asked.rerun_script.query_string = ""
        browser.send(asked.SerializeToString())
        n = 0
        while True:
            message = ForwardMsg.FromString(browser.recv(timeout=120, decode=False))
            n += message.WhichOneof("type") == "delta"
            if message.WhichOneof("type") == "script_finished":
                return n


def test_a_page_comes_through(proxied):
    assert drawn(proxied) > 2


def test_without_the_password_it_does_not(proxied):
    with pytest.raises(InvalidStatus, match="401"):
        drawn(proxied, password="guessed")


def test_nor_for_a_page_of_another_site(proxied):
    with pytest.raises(InvalidStatus, match="403"):
        drawn(proxied, origin="https://elsewhere.example")
