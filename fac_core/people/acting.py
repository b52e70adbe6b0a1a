"""Somebody who signed in and acts: asked at every write, so a session that ended or a role that was taken away writes nothing."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fac_core.errors import NotAllowed
from fac_core.people.people_file import people, person_of
from fac_core.people.roles import Role, refusal


@dataclass(frozen=True)
class Acting:
    """Somebody who signed in, until their session ends."""

    claims: Mapping[str, Any] = field(hash=False)
    """What the provider says of them."""
    until: float
    """When the session ends; of the clock, seconds since 1970."""

    @property
    def name(self) -> str:
        """What stands in the log. Raises `NotAllowed` for whom nobody lets in (any more)."""
        return person_of(self.claims).name

    @property
    def role(self) -> Role:
        """As the owner's file says now. Raises `NotAllowed` for whom nobody lets in (any more)."""
        return person_of(self.claims).role

    def refusal(self, kind: str, payload: Mapping[str, Any] | None = None) -> str:
        """Why they may not do this, in a sentence; empty where they may. `kind` is an event's, or `anchor`, `upload`…"""
        try:
            return refusal(self.role, kind, payload or {})
        except NotAllowed as error:  # taken off the list since the page was drawn
            return str(error)

    def check(self, kind: str, payload: Mapping[str, Any], author: str) -> None:
        """Raise `NotAllowed` if they may not write this event, or not under this name, or write too much of it."""
        self.check_act(kind, payload)
        if author != self.name:
            raise NotAllowed(f"{self.name} cannot decide in the name of {author}.")
        limits = people().sign_in
        if limits is not None and kind == "job":
            _count(self.name, "jobs", 1, limits.jobs_an_hour, 3600.0, "jobs an hour")
        elif limits is not None:
            _count(self.name, "acts", 1, limits.acts_a_minute, 60.0, "decisions a minute")

    def check_act(self, kind: str, payload: Mapping[str, Any] | None = None) -> None:
        """Raise `NotAllowed` if the session has ended, or the role does not go so far."""
        if time.time() > self.until:
            raise NotAllowed("Your session has ended, and nothing was recorded. Reload the page and sign in again.")
        if said := self.refusal(kind, payload):
            raise NotAllowed(said)

    def check_undo(self, authors: Iterable[str]) -> None:
        """Raise `NotAllowed` if they may not take back what `authors` decided: a reviewer only what is theirs."""
        others = sorted(set(authors) - {self.name})
        if others and self.role != "owner":
            raise NotAllowed(f"{others[0]} decided this: an owner can take it back, and you can decide otherwise.")

    def check_upload(self, n_bytes: int) -> None:
        """Raise `NotAllowed` for a file that is too large, for too many of them, or for who may not send any."""
        self.check_act("upload")
        limits = people().sign_in
        if limits is None:
            return
        if n_bytes > limits.upload_mb * 1e6:
            raise NotAllowed(
                f"The file has {n_bytes / 1e6:,.0f} MB; the owner of this machine allows {limits.upload_mb:,}."
            )
        _count(self.name, "uploads", n_bytes, int(limits.uploads_mb_an_hour * 1e6), 3600.0, "bytes an hour")


_LOCK = threading.Lock()
_DONE: dict[tuple[str, str], deque[tuple[float, int]]] = defaultdict(deque)
"""By name and what is counted: when, and how much. One process serves all people."""


def _count(name: str, what: str, n: int, most: int, seconds: float, unit: str) -> None:
    """Count something that somebody does. Raises `NotAllowed` where it is too much."""
    now = time.monotonic()
    with _LOCK:
        done = _DONE[name, what]
        while done and now - done[0][0] > seconds:
            done.popleft()
        if sum(amount for _, amount in done) + n > most:
            raise NotAllowed(f"That is more than {most:,} {unit}, which is the limit here. Wait a little, then go on.")
        done.append((now, n))
