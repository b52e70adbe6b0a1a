"""Visit the pages before anybody does, so that what is slow the first time is there when a person comes.

    python -m dashboard.warming http://localhost:8501

`fac ui` starts it as soon as the server answers. It asks as a browser asks, over the websocket, and shares its answers with all
who come later (`cached.py`). Where people sign in it is not let in, and nothing is warmed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

PAGES = ("", "gaps", "map", "features")
"""In the order in which a person comes to them."""
_PATIENCE = 600.0
"""Seconds: a large workspace takes its time, and nobody waits for this."""


def drawn(address: str, page: str, params: dict[str, str] | None = None) -> Iterator[Element]:
    """What a page draws for a visit in a session of its own, as it comes. Raises `RuntimeError` for what the page raised."""
    asked = BackMsg()
    asked.rerun_script.query_string = urlencode(params or {})
    asked.rerun_script.page_name = page
    socket = f"{address.replace('http', 'ws', 1)}/_stcore/stream"
    with connect(socket, max_size=None, compression=None, open_timeout=60) as browser:
        browser.send(asked.SerializeToString())
        while True:
            message = ForwardMsg.FromString(browser.recv(timeout=_PATIENCE, decode=False))
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                return
            if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                element = message.delta.new_element
                if element.WhichOneof("type") == "exception":
                    raise RuntimeError(f"{page} {params}: {element.exception.message}")
                yield element


def warm(address: str) -> None:
    """Visit the pages in turn. Nothing is said of what fails: the person who comes is told."""
    for page in PAGES:
        try:
            for _ in drawn(address, page):
                pass
        except (OSError, RuntimeError, TimeoutError, WebSocketException):
            return


if __name__ == "__main__":
    warm(sys.argv[1])
