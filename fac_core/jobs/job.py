"""A job and its states, as values.

    queued ──▶ running ──▶ succeeded | failed
      ▲  │       │  └────▶ paused | cancelled     (asked for by a person, obeyed between units of work)
      │  └──▶ paused, cancelled
      │          └───────▶ interrupted            (its worker is gone)
      └── resume: paused, interrupted, cancelled; retry: failed

Every change is one event that holds the whole job, so what holds is the newest event alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from fac_core.errors import WrongUse
from fac_core.store.events import Event

State = Literal["queued", "running", "paused", "succeeded", "failed", "cancelled", "interrupted"]
Action = Literal["pause", "cancel", "resume", "retry"]
Wish = Literal["", "pause", "cancel"]

ACTIVE: tuple[State, ...] = ("queued", "running")
"""A job in these states goes on without anybody."""
ENDED: tuple[State, ...] = ("succeeded", "failed", "cancelled")
"""A job in these states asks nothing of anybody."""

_ALLOWED: Mapping[Action, tuple[State, ...]] = {
    "pause": ("queued", "running"),
    "cancel": ("queued", "running", "paused", "interrupted"),
    "resume": ("paused", "interrupted", "cancelled"),
    "retry": ("failed",),
}


@dataclass(frozen=True)
class Job:
    """One task that was asked for, as it stands."""

    job_id: str
    """A number, counted from 1 in each workspace."""
    kind: str
    """One of `kinds.KINDS`."""
    params: dict[str, Any]
    """JSON, checked by the kind."""
    asked_by: str
    asked_at: str
    """ISO 8601, UTC."""
    state: State = "queued"
    wish: Wish = ""
    """What a person wants of the running job, until the worker obeys."""
    worker: str = ""
    """Who runs it, or ran it last."""
    result: dict[str, Any] | None = None
    error: str = ""
    author: str = ""
    """Who changed it last."""
    at: str = ""
    """When; ISO 8601, UTC."""
    version: int = 0
    """In the log: what whoever changes it has seen."""

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    def may(self, action: Action) -> bool:
        """Whether a person can do this to it now."""
        return self.state in _ALLOWED[action] and self.wish != action


def after(job: Job, action: Action) -> Job:
    """The job after a person's action. Raises `WrongUse` where its state does not allow it."""
    if action not in get_args(Action):
        raise WrongUse(f"There is no action {action!r} on a job; choose {', '.join(get_args(Action))}.")
    if job.state not in _ALLOWED[action]:
        possible = [other for other, states in _ALLOWED.items() if job.state in states]
        mend = f"It can be put to {' or '.join(possible)}." if possible else "Nothing more can be done to it."
        raise WrongUse(f"Job {job.job_id} is {job.state}: {action} does not apply. {mend}")
    if action in ("resume", "retry"):
        return replace(job, state="queued", wish="", result=None, error="", worker="")
    if job.state == "running":
        return replace(job, wish=action)
    return replace(job, state="paused" if action == "pause" else "cancelled")


def payload_of(job: Job) -> dict[str, Any]:
    """What the event holds: all but what an event has itself."""
    return {name: value for name, value in asdict(job).items() if name not in ("job_id", "author", "at", "version")}


def job_of(event: Event) -> Job:
    """The job as an event left it."""
    return Job(event.item, **event.payload, author=event.author, at=event.at, version=event.version)
