"""Each case in a process of its own, with a limit to memory, to processor time and to waiting: what breaks them is seen."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fac_core.errors import FacError
from tests.hostile import answers, bombs, damage, doors, explanations, places, run_files, settings, workspaces

VERDICTS = ("read", "refused", "raw error", "over memory", "over time")
MEMORY = 3 << 29
"""Bytes that a case may take beyond what its process had: one and a half gigabytes."""
SECONDS = 60
"""Of processor time; a case that only waits gets as long."""


@dataclass(frozen=True)
class Case:
    """Something hostile; the same at every time."""

    door: str
    kind: str
    seed: int


@dataclass(frozen=True)
class Outcome:
    case: Case
    verdict: str
    detail: str
    """What was said, or where it broke."""
    memory: int
    """Bytes that the process had more at its largest than at its beginning."""
    seconds: float
    """Of processor time."""


KINDS = {
    "dataset": damage.kinds() | places.kinds() | bombs.kinds(),
    **run_files.kinds(),
    **workspaces.kinds(),
    **explanations.kinds(),
    **settings.kinds(),
    **answers.kinds(),
}


def corpus(share: float = 1.0, only: str = "") -> list[Case]:
    """All cases, or the first of each kind."""
    return [
        Case(door, kind, seed)
        for door, kinds in KINDS.items()
        for kind, (_, times) in kinds.items()
        for seed in range(max(1, round(times * share)))
        if only in f"{door}/{kind}/{seed}"
    ]


def outcomes(cases: list[Case]) -> Iterator[Outcome]:
    """One after another. The parent has everything loaded; each child begins as its copy."""
    doors.warm()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        workspaces.prepare(Path(folder))
        for case in cases:
            yield _outcome(case, Path(folder))


def _outcome(case: Case, folder: Path) -> Outcome:
    reading, writing = os.pipe()
    home = Path(tempfile.mkdtemp(dir=folder))
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 70
        try:
            verdict, detail, grown = _tried(case, home)
            os.write(writing, f"{verdict}\n{grown}\n{detail[:2000]}".encode(errors="replace"))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        content = said.read().decode()
    _, status, used = os.wait4(child, 0)
    shutil.rmtree(home, ignore_errors=True)
    seconds = used.ru_utime + used.ru_stime
    if content:
        verdict, grown, detail = content.split("\n", 2)
        verdict = "over memory" if int(grown) > MEMORY and verdict != "raw error" else verdict
        return Outcome(case, verdict, detail, int(grown), seconds)
    ended = os.waitstatus_to_exitcode(status)
    late = ended in (-signal.SIGXCPU, -signal.SIGALRM)
    return Outcome(case, "over time" if late else "raw error", f"ended with {ended}", 0, seconds)


def _tried(case: Case, home: Path) -> tuple[str, str, int]:
    os.chdir(home)
    make, _ = KINDS[case.door][case.kind]
    path = make(random.Random(f"{case.kind} {case.seed}"), home)  # noqa: S311
    before = _resident()
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + 2 * MEMORY, size + 2 * MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + SECONDS, spent + SECONDS + 1))
    signal.alarm(3 * SECONDS)  # of waiting, which other work on the machine makes longer
    try:
        doors.DOORS[case.door](path)
    except FacError as error:
        verdict, detail = "refused", f"{type(error).__name__}: {error}"
    except MemoryError:
        verdict, detail = "over memory", traceback.format_exc(limit=-4)
    except BaseException:  # noqa: BLE001 - whatever it is, it is what is looked for
        verdict, detail = "raw error", traceback.format_exc(limit=-6)
    else:
        verdict, detail = "read", ""
    return verdict, detail, _peak() - before


def _resident() -> int:
    """Bytes in memory now. The largest so far begins anew here: making a case is no part of reading it."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) << 10
