"""A proxy on loopback before a real server: passes requests on, does something wrong with some, and counts what was paid."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.generators.faulty_server import Act, Body, FaultyServer, Handler, cut, faulty_server, garbage, stalls, status

FAULTS: dict[str, Act] = {
    "429": status(429, "slow down", Retry_After="1"),
    "500": status(500),
    "cut connection": cut,
    "garbage": garbage,
    "stall": stalls,
}


@dataclass
class Tally:
    """What came through."""

    asked: int = 0
    paid: Counter[str] = field(default_factory=Counter)
    """Whole answers that were sent back, by request."""
    faults: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def paid_again(self) -> int:
        """Answers to requests that had been answered already."""
        return sum(n - 1 for n in self.paid.values())


@contextmanager
def flaky_proxy(upstream: str, *, one_in: int = 20) -> Iterator[tuple[FaultyServer, Tally]]:
    """The proxy of a server whose address ends in `/v1`; every so manieth request meets the next of `FAULTS`."""
    tally, kinds = Tally(), list(FAULTS)

    def act(handler: Handler, body: Body) -> None:
        with tally.lock:
            tally.asked += 1
            kind = kinds[sum(tally.faults.values()) % len(kinds)] if tally.asked % one_in == 0 else None
            if kind:
                tally.faults[kind] += 1
        if kind:
            FAULTS[kind](handler, body)
        else:
            _pass_on(handler, body, upstream, tally)

    with faulty_server(always=act) as server:
        yield server, tally


def _pass_on(handler: Handler, body: Body, upstream: str, tally: Tally) -> None:
    content = json.dumps(body).encode()
    asked = urllib.request.Request(  # noqa: S310 - our own address
        f"{upstream}/chat/completions", content, {"Content-Type": "application/json", "Authorization": "Bearer none"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=300) as answer:  # noqa: S310 - our own address
            said, code = answer.read(), answer.status
    except urllib.error.HTTPError as error:
        said, code = error.read(), error.code
    handler.send(code, said)
    if code == 200:
        with tally.lock:
            tally.paid[json.dumps(body, sort_keys=True)] += 1
