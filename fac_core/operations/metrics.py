"""The numbers of a server in the text format that Prometheus reads (version 0.0.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from fac_core.jobs.job import State
from fac_core.operations.health import Health

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(found: Health) -> str:
    """Every number as a gauge; of a workspace that cannot be opened `fac_ready 0` alone.

    >>> from fac_core.operations.health import health
    >>> metrics(health(scratch.folder)).splitlines()[-1]
    'fac_ready 0'
    """
    lines: list[str] = []
    if (n := found.numbers) is not None:
        states = {**dict.fromkeys(get_args(State), 0), **n.jobs}
        lines += _gauge("fac_jobs", "Jobs by state.", {f'state="{state}"': count for state, count in states.items()})
        lines += _gauge("fac_queue_age_seconds", "How long the job that waits longest has waited.", {"": n.queue_age})
        lines += _gauge("fac_workers", "Workers that live.", {"": n.workers})
        if n.beat_age is not None:
            lines += _gauge("fac_worker_heartbeat_age_seconds", "Since a living worker last beat.", {"": n.beat_age})
        lines += _gauge("fac_runs", "Runs that can be read.", {"": n.runs})
        lines += _gauge("fac_runs_unreadable", "Files among the runs that cannot.", {"": n.unreadable_runs})
        lines += _gauge("fac_run_bytes", "Of all run files.", {"": n.run_bytes})
        events = {f'kind="{_escaped(kind)}"': count for kind, count in n.events.items()}
        lines += _gauge("fac_events", "Decisions and changes of jobs in the log.", events)
        lines += _gauge("fac_disk_free_bytes", "On the disk of the workspace.", {"": n.free_bytes})
    return "\n".join(
        [*lines, *_gauge("fac_ready", "Whether all checks of `fac health` hold.", {"": int(found.ready)}), ""]
    )


def _gauge(name: str, said: str, values: Mapping[str, float]) -> list[str]:
    rows = [f"{name}{{{label}}} {value:.15g}" if label else f"{name} {value:.15g}" for label, value in values.items()]
    return [f"# HELP {name} {said}", f"# TYPE {name} gauge", *rows]


def _escaped(label: str) -> str:
    return label.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
