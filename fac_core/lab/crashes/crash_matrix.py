"""Every task, ended in every way, gone on with, and looked at: one line a case in a log, which a later call goes on from."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import scipy.stats  # noqa: F401  # what the tasks import when they run is imported once, here
import sklearn.cluster  # noqa: F401
import torch
from threadpoolctl import threadpool_limits

from fac_core.errors import FacError, WrongUse
from fac_core.generators.openai_compatible import OpenAICompatible, Server
from fac_core.lab.crashes import endings, invariants
from fac_core.lab.crashes.counting_server import counting_server
from fac_core.lab.crashes.endings import Ending, Hit, Usual
from fac_core.lab.crashes.made_up import Scene, made_scene
from fac_core.lab.crashes.process import TOLD, UNFORESEEN, Running
from fac_core.lab.crashes.victims import TASKS, Place
from fac_core.spaces.atlas import layout

_MARK = ".crash-matrix"
"""In every folder that a matrix works in: without it nothing there is ours to remove."""

ENDINGS: dict[str, Ending] = {
    "SIGKILL": endings.by_signal(signal.SIGKILL),
    "SIGKILL at the disk": endings.before_the_disk,
    "SIGTERM": endings.by_signal(signal.SIGTERM),
    "SIGINT": endings.by_signal(signal.SIGINT),
    "disk full": endings.disk_full,
    "read-only": endings.read_only,
    "clock jumps": endings.clock_jumps,
    "out of memory": endings.out_of_memory,
    "broken shard": endings.broken_shard,
    "half a run": endings.half_a_run,
    "two at once": endings.two_at_once,
    "among others": endings.among_others,
}
"""By name."""

ONLY_FOR = {"broken shard": ("encode",), "half a run": ("encode", "merge"), "read-only": tuple(TASKS)}
"""Endings that make no sense elsewhere."""
_DISK = 96
"""Megabytes of the small disk: several times what a case takes."""
_NEEDS_MOUNT = ("disk full", "read-only")
_ENOUGH = 3
"""Times as many tries as cases are wanted: some come when the task has ended."""


def run_matrix(
    folder: Path,
    wanted: Mapping[str, int],
    *,
    tasks: Sequence[str] = tuple(TASKS),
    seed: int = 0,
    tell: Callable[[str], object] = print,
) -> Path:
    """Run what the log lacks; returns the log, `<folder>/log.jsonl`.

    Args:
        wanted: ending -> cases of each task that it meets in time.
        seed: of the moments.

    Raises `WrongUse` for a folder with anything in it that no earlier call put there: parts of it are made anew.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise WrongUse(f"{folder} holds files that are not of a crash matrix. Choose a new or an empty folder.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    _quiet()
    scene, log = _scene(folder), folder / "log.jsonl"
    with counting_server(folder / "case" / "ledger") as server:
        for task in tasks:
            done = read_log(log)
            missing = {
                name: n - _held(done, task, name) for name, n in wanted.items() if task in ONLY_FOR.get(name, TASKS)
            }
            missing = {name: n for name, n in missing.items() if n > 0}
            if not missing:
                continue
            usual = _undisturbed(folder, scene, server, task)
            for name, n in missing.items():
                tried = sum((line["task"], line["ending"]) == (task, name) for line in done)
                met = 0
                for nth in range(tried, tried + _ENOUGH * n):
                    if met >= n:
                        break
                    line = _case(folder, scene, server, task, name, nth, wanted[name], usual, seed)
                    met += line["in_time"]
                    with log.open("a") as file:
                        file.write(json.dumps(line) + "\n")
                    if line["broken"]:
                        tell(f"{task}, {name} {nth} ({line['where']}): {'; '.join(line['broken'])}")
                tell(f"{task}, {name}: {met} cases")
    return log


def read_log(log: Path) -> list[dict[str, Any]]:
    """The lines, but one that a crash of this very program cut."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]


def _held(done: Sequence[Mapping[str, Any]], task: str, ending: str) -> int:
    return sum(line["in_time"] for line in done if (line["task"], line["ending"]) == (task, ending))


def _case(
    folder: Path, scene: Scene, server: str, task: str, name: str, nth: int, n: int, usual: Usual, seed: int
) -> dict[str, Any]:
    drawn = Random(f"{seed} {task} {name} {nth}")  # noqa: S311
    share = (nth % n + drawn.random()) / n  # one in each n-th of the whole, so that no part of it is left out
    began = time.monotonic()
    with _place(folder, scene, server, mounted=name in _NEEDS_MOUNT) as at:
        before = invariants.everything(at.workspace)
        blow = ENDINGS[name](Hit(at, TASKS[task], usual, share, drawn))
        expected = {} if name == "half a run" else usual.results
        broken = list(invariants.after_the_crash(at, before, expected))
        if blow.code == UNFORESEEN or (blow.code == TOLD and invariants.is_no_sentence(blow.said)):
            broken.append(f"it says: {blow.said}")
        again = Running(at.words / "again", partial(TASKS[task], at)).ended()
        if again.code:
            broken.append(f"it does not go on ({again.code}): {again.said}")
        broken += invariants.after_going_on(at, before, usual.results, usual.files)
    return {
        "task": task,
        "ending": name,
        "nth": nth,
        "in_time": blow.in_time,
        "where": blow.where,
        "code": blow.code,
        "said": blow.said,
        "broken": broken,
        "seconds": round(time.monotonic() - began, 2),
    }


@contextmanager
def _place(folder: Path, scene: Scene, server: str, *, mounted: bool) -> Iterator[Place]:
    """A fresh copy of the scene's workspace."""
    case = folder / "case"
    shutil.rmtree(case, ignore_errors=True)
    with ExitStack() as stack:
        disk = case / "disk"
        if mounted:
            stack.enter_context(endings.own_disk(disk, _DISK))
        shutil.copytree(scene.workspace, disk / "workspace")
        at = Place(disk, scene, server)
        at.out.mkdir()
        os.environ["FAC_CONFIG"] = str(case / "config")
        yield at


def _undisturbed(folder: Path, scene: Scene, server: str, task: str) -> Usual:
    """Once as it is, for its time and what comes of it; once more, to count how often it touches the disk."""
    with _place(folder, scene, server, mounted=False) as at:
        counted = at.words / "touches"
        running = Running(at.words / "counted", partial(_counting, partial(TASKS[task], at), counted))
        ended = running.ended()
        if ended.code:
            raise FacError(f"{task} fails undisturbed: {ended.said}")
        touches = int(counted.read_text())
    with _place(folder, scene, server, mounted=False) as at:
        before = _size(at.folder)
        running = Running(at.words / "usual", partial(TASKS[task], at))
        most = before
        while not running.wait(0.02):
            most = max(most, _size(at.folder))
        ended = running.ended()
        results, files = invariants.results(at), invariants.listing(at)
        return Usual(ended.seconds, touches, max(most, _size(at.folder)) - before, results, files)


def _counting(do: Callable[[], None], path: Path) -> None:
    count = 0

    def one() -> None:
        nonlocal count
        count += 1

    endings.at_touches(one)
    do()
    path.write_text(str(count))


def _size(folder: Path) -> int:
    total = 0
    with suppress(OSError):  # what is gone in the meantime ends the count: the next one is a moment later
        for path in folder.rglob("*"):
            total += path.stat().st_blocks * 512
    return total


def _scene(folder: Path) -> Scene:
    """Made in another process, so that this one stays without threads; and what is compiled when first used, compiled."""
    os.environ["FAC_CONFIG"], os.environ["FAC_CACHE"] = str(folder / "config"), str(folder / "cache")
    os.environ["HF_HUB_OFFLINE"] = "1"
    ended = Running(folder / "words", partial(_made, folder / "scene")).ended(600)
    if ended.code:
        raise FacError(f"The scene cannot be made: {ended.said}")
    OpenAICompatible(Server("http://127.0.0.1:1/v1", "nobody"))
    layout(np.random.default_rng(0).normal(size=(32, 16)).astype(np.float32))
    return made_scene(folder / "scene")


def _made(folder: Path) -> None:
    made_scene(folder)


def _quiet() -> None:
    """One thread: those of a process are not in its fork, and some libraries would wait there for them for ever."""
    os.environ |= {"NUMBA_THREADING_LAYER": "workqueue", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    torch.set_num_threads(1)
    threadpool_limits(1)
