"""What has to hold after a crash, and after going on from it: plain questions to the disk, each answered by sentences.

A sentence says what is wrong; none is a pass.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fac_core.errors import FacError, RunBroken
from fac_core.jobs.control import list_jobs
from fac_core.jobs.in_words import in_words, outcome
from fac_core.lab.crashes.counting_server import paid_twice
from fac_core.lab.crashes.victims import Place
from fac_core.store.events import Event
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.space_file import SpaceFile
from fac_core.store.upkeep.backup import restore
from fac_core.store.workspace import Workspace

_AT_ONCE = 4
"""Requests under way when a process is killed, at most: paid for, and never heard of."""
_OF_CHANCE = {"created_at", "seconds", "versions"}
"""Columns that differ between two runs of the same data."""
_NO_SENTENCE = re.compile(r"Traceback|\b\w*(?:Error|Exception)\b: |Errno")


def everything(place: Workspace) -> list[Event]:
    """Every event of the log, in order."""
    return list(place.events().everything())


def after_the_crash(at: Place, before: list[Event], usual: dict[str, str]) -> Iterator[str]:
    """Before anybody goes on."""
    yield from _lost(at, before)
    now = results(at, whole_only=True)
    for name, digest in now.items():
        if name.startswith(("runs/", "spaces/", "out/")) and usual.get(name, digest) != digest:
            yield f"{name} is published, and is not what it should be"
    yield from _unexplained(at)


def after_going_on(at: Place, before: list[Event], usual: dict[str, str], files: set[str]) -> Iterator[str]:
    """When the same was asked for again, and done."""
    yield from _lost(at, before)
    now = results(at)
    for name in sorted({*now, *usual}):
        if now.get(name) != usual.get(name):
            yield f"{name} is {'missing' if name not in now else 'new' if name not in usual else 'other than undisturbed'}"
    if left := sorted(listing(at) - files):
        yield f"left behind: {', '.join(left[:4])}{' …' if len(left) > 4 else ''}"
    if (n := paid_twice(at.ledger)) > _AT_ONCE:
        yield f"{n} requests were paid twice, more than the {_AT_ONCE} that were under way"


def _lost(at: Place, before: list[Event]) -> Iterator[str]:
    now = everything(at.workspace)
    if now[: len(before)] != before:
        yield "decisions of before are gone or changed"
    if at.acknowledged.exists():
        told = {line for line in at.acknowledged.read_text().split("\n")[:-1] if line}
        if gone := told - {event.item for event in now if event.kind == "note"}:
            yield f"{len(gone)} acknowledged decisions are not in the log"
    if len({(e.scope, e.kind, e.item, e.version) for e in now}) != len(now):
        yield "two decisions have one version"


def _unexplained(at: Place) -> Iterator[str]:
    progress = at.workspace.pulses().progress()
    for job in list_jobs(at.workspace):
        told = in_words(job, progress.get(job.job_id)) if job.state == "running" else outcome(job)
        if job.state == "running":
            yield f"job {job.job_id} is said to be running, and nobody runs it"
        if is_no_sentence(told):
            yield f"job {job.job_id} says: {told}"


def is_no_sentence(told: str) -> bool:
    """Whether something is a message for programmers.

    >>> is_no_sentence("OSError: [Errno 28]"), is_no_sentence("The disk is full. Make room.")
    (True, False)
    """
    return bool(_NO_SENTENCE.search(told)) or not told.rstrip().endswith((".", "!", "?"))


def results(at: Place, *, whole_only: bool = False) -> dict[str, str]:
    """A hash of all that was made, by name: rows of runs and atlases, what the log holds, files outside of the workspace.

    Args:
        whole_only: leave out the log, which is on its way.
    """
    place = at.workspace
    found = {f"runs/{path.name}": _rows(RunFile, path) for path in (place.folder / "runs").glob("*.duckdb")}
    found |= {f"spaces/{path.name}": _rows(SpaceFile, path) for path in (place.folder / "spaces").glob("*.duckdb")}
    if not whole_only:
        held = sorted(
            json.dumps([e.scope, e.kind, e.item, e.payload]).replace(str(at.folder.resolve()), "")
            for e in _standing(everything(place))
            if e.kind != "job" and not _of_onlookers(e)
        )
        found["the log"] = _digest(held)
    for path in sorted(at.out.glob("*/*")):
        if path.name in ("README.md", "cfg.json") or not path.is_file():
            continue
        if path.name == "backup.json":
            found |= _backup(at, path.parent)
        elif path.parent.name != "backup":
            found[f"out/{path.parent.name}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return found


def listing(at: Place) -> set[str]:
    """Every file and folder, but those that SQLite keeps beside its own, the logs of jobs, which stay, and kept answers, whose names
    hold when their runs were made."""
    names = (path.relative_to(at.folder).as_posix() for path in at.folder.rglob("*"))
    return {
        name
        for name in names
        if not name.endswith(("-wal", "-shm", "-journal", ".log")) and not name.startswith("workspace/cache/themes")
    }


def _standing(events: list[Event]) -> list[Event]:
    return list({(e.scope, e.kind, e.item): e for e in events}.values())


def _of_onlookers(event: Event) -> bool:
    return event.scope == "crash" and (event.kind == "shared" or "-" in event.item)


def _rows(kind: type[RunFile] | type[SpaceFile], path: Path) -> str:
    try:
        with kind(path) as file:
            tables = file.query("SELECT table_name FROM duckdb_tables() ORDER BY 1")["table_name"].to_pylist()
            rows: list[Any] = []
            for table in tables:
                content = file.query(f"FROM {table} ORDER BY ALL")
                kept = [name for name in content.column_names if name not in _OF_CHANCE]
                rows.append([table, content.select(kept).to_pylist()])
            return _digest(rows)
    except RunBroken as error:
        return f"broken: {error}"


def _backup(at: Place, backup: Path) -> dict[str, str]:
    """What comes back from it; nothing, if it says itself that it was never finished."""
    folder = at.folder / "restored"
    try:
        place = restore(backup, folder)
        return {
            "out/backup": _digest(
                [sum(not _of_onlookers(e) for e in everything(place)), sorted(info.run_id for info in place.runs())]
            )
        }
    except FacError as error:
        return {} if "never finished" in str(error) else {"out/backup": f"broken: {error}"}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, default=str).encode()).hexdigest()[:16]
