"""Is the workspace of a server well? Looked at anew each time it is asked; nothing is changed by looking."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fac_core.errors import FacError
from fac_core.jobs.queue import Jobs
from fac_core.store.upkeep.tallies import events_by_kind
from fac_core.store.workspace import Workspace

LEAST_FREE = 2_000_000_000
"""Bytes. With less, the next encoding may end in a full disk."""


@dataclass(frozen=True)
class Check:
    """One condition of being ready."""

    name: str
    ok: bool
    found: str
    """What was found, as a sentence."""


@dataclass(frozen=True)
class Numbers:
    """How much there is."""

    jobs: dict[str, int]
    """By state."""
    queue_age: float
    """Seconds that the job that waits longest has waited, 0 where none waits."""
    workers: int
    """That live."""
    beat_age: float | None
    """Seconds since the last beat of a living worker; None without one."""
    runs: int
    unreadable_runs: int
    run_bytes: int
    events: dict[str, int]
    """Decisions and changes of jobs in the log, by kind."""
    free_bytes: int
    """On the disk of the workspace."""


@dataclass(frozen=True)
class Health:
    """The answer."""

    workspace: str
    checks: tuple[Check, ...]
    numbers: Numbers | None
    """None where the workspace cannot be opened."""

    @property
    def ready(self) -> bool:
        """Whether all is there that people and jobs need."""
        return all(check.ok for check in self.checks)


def health(folder: Path, *, needs_worker: bool = True) -> Health:
    """Look at a workspace. Never raises for what it finds.

    Args:
        needs_worker: whether it is only ready while a worker lives; one that the dashboard starts by itself need not.

    >>> found = health(scratch.folder, needs_worker=False)
    >>> found.ready, found.numbers.runs
    (True, 2)
    """
    try:
        place = Workspace(folder)
        numbers = _numbers(place)
    except (FacError, OSError) as error:
        return Health(str(folder), (Check("workspace", False, str(error)),), None)
    checks = [
        Check("workspace", True, f"{numbers.runs:,} runs, {sum(numbers.events.values()):,} events"),
        Check("runs", not numbers.unreadable_runs, f"{numbers.unreadable_runs:,} cannot be read"),
        Check("disk", numbers.free_bytes >= LEAST_FREE, f"{numbers.free_bytes / 1e9:.1f} GB free"),
    ]
    if needs_worker:
        beat = (
            "none lives" if numbers.beat_age is None else f"{numbers.workers}, last beat {numbers.beat_age:.0f} s ago"
        )
        checks.append(Check("worker", numbers.workers > 0, beat))
    return Health(str(place.folder), tuple(checks), numbers)


def _numbers(place: Workspace) -> Numbers:
    jobs = Jobs(place)
    found = jobs.all()
    alive = [worker for worker in place.pulses().workers() if jobs.is_alive(worker.worker_id)]
    runs, now = [*(place.folder / "runs").glob("*.duckdb")], time.time()
    unreadable = len(place.unreadable())
    return Numbers(
        jobs=dict(sorted(Counter(job.state for job in found).items())),
        queue_age=max((now - _seconds(job.at) for job in found if job.state == "queued"), default=0.0),
        workers=len(alive),
        beat_age=now - alive[-1].beat if alive else None,
        runs=len(runs) - unreadable,
        unreadable_runs=unreadable,
        run_bytes=sum(_or_nothing(lambda path=path: path.stat().st_size) for path in runs),
        events=events_by_kind(place.folder / "workspace.sqlite"),
        free_bytes=shutil.disk_usage(place.folder).free,
    )


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _or_nothing(size: Callable[[], int]) -> int:
    try:
        return size()
    except OSError:  # deleted a moment ago
        return 0
