"""Runs of a part of their source: how much of it is in, and what becomes of the rest."""

from __future__ import annotations

from dataclasses import dataclass

from fac_core.datasets.splits import absolute
from fac_core.jobs.in_words import duration
from fac_core.jobs.job import Job
from fac_core.jobs.queue import Jobs
from fac_core.store.runs.info import RunInfo
from fac_core.store.workspace import Workspace


@dataclass(frozen=True)
class Part:
    """What is known of the whole that a run is a part of."""

    n_samples: int
    """Samples that are in."""
    total: int | None
    """Samples of the whole; None while nobody knows it."""
    whole: RunInfo | None
    """The run of the whole, once it is there."""
    job: Job | None
    """What reads the whole, or was to, before it is there."""
    seconds_left: float | None
    """Of the job, at its rate of late; None where it cannot be told."""


def part_of(workspace: Workspace, info: RunInfo) -> Part | None:
    """What a run is a part of; None for one that is whole, or whose whole nobody was asked to read.

    >>> part_of(scratch, scratch.info("seed")) is None
    True
    """
    if not info.in_part:
        return None
    others = [one for one in workspace.peers(info.space_id) if absolute(one.source) == absolute(info.source)]
    whole = next((one for one in reversed(others) if not one.in_part), None)
    if whole is not None:
        return Part(info.n_samples, whole.n_samples, whole, None, None)
    job = reading(workspace, info.source)
    if job is None or job.params.get("model") not in (info.model, absolute(info.model)):
        return None
    told = workspace.pulses().progress().get(job.job_id) if job.state == "running" else None
    total = told.total if told is not None and told.total > info.n_samples else None
    return Part(info.n_samples, total, None, job, told.seconds_left if told is not None else None)


def reading(workspace: Workspace, source: str) -> Job | None:
    """The newest job that reads a source in whole and has not ended well, or was not cancelled; None without one.

    >>> reading(scratch, "seed.jsonl") is None
    True
    """
    for job in reversed(Jobs(workspace).all()):
        params = job.params
        is_whole = job.kind == "encode" and params.get("take") is None and params.get("limit") is None
        if is_whole and absolute(str(params.get("source", ""))) == absolute(source):
            return None if job.state in ("succeeded", "cancelled") else job
    return None


def part_in_words(part: Part) -> str:
    """One sentence or two: how much is in, and what becomes of the rest.

    >>> part_in_words(Part(140, 1420, None, Job("1", "encode", {}, "Ann", "", state="running"), 125.0))
    'A part: 140 of 1,420 samples. The rest is being read, about 2 min left.'
    """
    share = f"{part.n_samples:,} of {part.total:,}" if part.total else f"{part.n_samples:,}"
    return f"A part: {share} samples. {_rest(part)}"


def _rest(part: Part) -> str:
    if part.whole is not None:
        return f"All of them are in run {part.whole.name}."
    state = part.job.state if part.job is not None else "queued"
    if state == "queued":
        return "The rest waits to be read."
    if state == "running":
        left = f", about {duration(part.seconds_left)} left" if part.seconds_left else ""
        return f"The rest is being read{left}."
    return f"Reading the rest {state if state == 'failed' else f'was {state}'} (job {part.job.job_id if part.job else '?'})."
