"""Jobs in words: what one is about, how far it is, what came of it."""

from __future__ import annotations

import time
from datetime import datetime

from fac_core.jobs.job import Job
from fac_core.jobs.kinds import KINDS
from fac_core.progress import counted
from fac_core.store.pulses import JobProgress

_SILENT = 60.0
"""Seconds without a sign of life after which that is said."""


def title(job: Job) -> str:
    """What a job is about."""
    words = KINDS[job.kind].title if job.kind in KINDS else job.kind
    about = job.params.get("name") or str(job.params.get("source", "")).replace("\\", "/").rsplit("/", 1)[-1]
    return f"{words}: {about}" if about else words


def in_words(job: Job, progress: JobProgress | None) -> str:
    """How far a running job is: `120 of 1,000 · 3.2/s · 5 min left`."""
    if job.wish:
        return "Stopping; what is finished stays." if job.wish == "cancel" else "Pausing; what is finished stays."
    if progress is None:
        return "Loading the model" if job.kind == "encode" else "Starting"
    parts = [f"{progress.done:,} of {progress.total:,}" if progress.total else f"{progress.done:,}"]
    if progress.rate:
        parts.append(f"{progress.rate:,.1f}/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if time.time() - progress.at > _SILENT:
        parts.append(f"no news for {duration(time.time() - progress.at)}")
    elif progress.note:
        parts.append(progress.note)
    return " · ".join(parts)


def outcome(job: Job) -> str:
    """What came of a job, or what it waits for."""
    match job.state:
        case "succeeded":
            return _result(job)
        case "failed" | "interrupted":
            return f"{job.state.capitalize()}: {job.error}"
        case "queued":
            return "Waits for the worker."
        case state:
            return f"{state.capitalize()}; what is finished stays."


def _result(job: Job) -> str:
    result = job.result or {}
    if job.kind == "encode":
        failed = f", {counted(result['n_failures'], 'record')} not encoded" if result.get("n_failures") else ""
        return f"Done: run {result.get('name')} with {counted(result.get('n_samples', 0), 'sample')}{failed}."
    if job.kind == "synthesise":
        return (
            f"Done: {result.get('passed', 0):,} of {counted(result.get('candidates', 0), 'sample')} pass,"
            f" {result.get('closed', 0):,} of {counted(result.get('targets', 0), 'gap')} closed."
        )
    return "Done."


def age(at: str) -> float:
    """Seconds since a time stamp of the log."""
    return time.time() - _epoch(at)


def _epoch(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def duration(seconds: float) -> str:
    """A time span as people say it.

    >>> duration(40), duration(125), duration(7200)
    ('40 s', '2 min', '2.0 h')
    """
    return (
        f"{seconds:.0f} s"
        if seconds < 90
        else f"{seconds / 60:.0f} min"
        if seconds < 5400
        else f"{seconds / 3600:.1f} h"
    )
