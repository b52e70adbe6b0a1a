"""A real server of chat completions on loopback that misbehaves on demand, and counts what it was paid for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]
Act = Callable[["Handler", Body], None]


class Handler(BaseHTTPRequestHandler):
    """One request: does the next act of the script, or answers."""

    server: FaultyServer

    def do_POST(self) -> None:
        """What the client sends."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.bodies.append(body)
            self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
            act = self.server.acts.pop(0) if self.server.acts else self.server.always
        act(self, body)

    def send(self, status: int, content: bytes, **headers: str) -> None:
        """A whole response."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Silent."""


class FaultyServer(ThreadingHTTPServer):
    """Acts are done in turn, one a request; then `always`."""

    daemon_threads = True

    def __init__(self, acts: list[Act], always: Act) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts, self.always = acts, always
        self.bodies: list[Body] = []
        self.headers: list[dict[str, str]] = []
        self.n_paid = 0
        self.lock = threading.Lock()
        self.released = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def faulty_server(*acts: Act, always: Act | None = None) -> Iterator[FaultyServer]:
    """The server, running."""
    server = FaultyServer(list(acts), always or says("hello"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()


def says(*texts: str | None, counts: bool = True, **of_message: Any) -> Act:
    """Answer with these texts, as often as the request wants, and take the money."""

    def act(handler: Handler, body: Body) -> None:
        with handler.server.lock:
            handler.server.n_paid += 1
        wanted = (texts * body.get("n", 1))[: max(body.get("n", 1), len(texts))]
        choices = [
            {"message": {"role": "assistant", "content": t, **of_message}, "finish_reason": "stop"} for t in wanted
        ]
        usage = {"usage": {"prompt_tokens": 10, "completion_tokens": 5 * len(wanted)}} if counts else {}
        handler.send(200, json.dumps({"choices": choices, **usage}).encode())

    return act


def echoes(handler: Handler, body: Body) -> None:
    """Answer with the last message."""
    says(body["messages"][-1]["content"])(handler, body)


def one_at_a_time(handler: Handler, body: Body) -> None:
    """Ignore `n`, as `transformers serve` does; say the seed."""
    says(f"seed {body.get('seed')}")(handler, {**body, "n": 1})


def status(code: int, message: str = "no", **headers: str) -> Act:
    """Refuse with a status."""
    return lambda handler, _body: handler.send(code, json.dumps({"error": {"message": message}}).encode(), **headers)


def garbage(handler: Handler, _body: Body) -> None:
    """Something that is no chat completion, with the status of success; it costs nevertheless."""
    with handler.server.lock:
        handler.server.n_paid += 1
    handler.send(200, b"<html>It works!</html>", Content_Type="text/html")


def cut(handler: Handler, _body: Body) -> None:
    """Promise much, send little, hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def stalls(handler: Handler, _body: Body) -> None:
    """Say nothing until the test is over."""
    handler.server.released.wait(60)


def takes_no(field: str) -> Act:
    """Refuse a field as OpenAI does; without it, answer."""

    def act(handler: Handler, body: Body) -> None:
        if field in body:
            status(400, f"Unsupported parameter: '{field}' is not supported with this model.")(handler, body)
        else:
            says("hello")(handler, body)

    return act
