"""An object store, served by moto: `pipx install "moto[server,s3]"`, or anything that puts `moto_server` on the path."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest

from dashboard.server import free_port

_SERVER = shutil.which("moto_server")
needed = pytest.mark.skipif(_SERVER is None, reason="There is no moto_server on the path to serve an object store.")


@contextmanager
def served(name: str) -> Iterator[str]:
    """`bucket.format("name")` is the address of a bucket, to be used with any keys; there is one, `name`."""
    port = free_port()
    server = subprocess.Popen([str(_SERVER), "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    put = urllib.request.Request(f"http://127.0.0.1:{port}/{name}", method="PUT")
    for _ in range(300):
        try:
            urllib.request.urlopen(put)  # noqa: S310
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    where = quote(f"http://127.0.0.1:{port}", safe="")
    yield "s3://{}/fac?region=us-east-1&endpoint_override=" + where
    server.kill()
    server.wait()
