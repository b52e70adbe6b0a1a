"""Fifty people at one dashboard, who triage and review while a job runs: how long do they wait, and is anything lost?

    python -m dashboard.load WORKSPACE [--people 50] [--seconds 600]

A copy of the workspace gets a made-up batch of candidates and a job that only tells how far it is; then a dashboard is
started as `fac ui` starts it. Each person has a websocket of their own, comes within the first half minute, and clicks on what
the page shows, with 5 to 15 s of thought after each page. Timed is from the click to the end of the script, as a browser
sees it, without drawing. What the page acknowledged is looked up in the log when all have gone. The people run in this process:
their work stands beside the server's. The last line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table
from websockets.asyncio.client import connect

from dashboard.latency import APP, Server, serving
from dashboard.load.person import THINKS, Diary, Person, Told
from dashboard.load.visitor import Visitor
from fac_core.coverage.definition import CALIBRATED
from fac_core.curation.review import Reviews
from fac_core.curation.triage import Triage
from fac_core.lab.bench.large_batch import job_running, write_batch
from fac_core.store.workspace import Workspace
from fac_core.view import View

_COME_WITHIN = 30.0
_SAMPLED_EVERY = 10.0
"""Seconds between looks at the server's memory."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--candidates", type=int, default=1200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(shutil.copytree(given.workspace, Path(folder) / "copy"))
        view = View.find(workspace=workspace).counted(CALIBRATED)
        batch = write_batch(view, given.candidates)
        gaps = view.gaps()["feature_id"].to_pylist()
        with job_running(workspace), serving(APP, workspace.folder) as server:
            began, diary = time.monotonic(), Diary()
            memory, cores = asyncio.run(_crowd(server, diary, gaps, given.people, given.seconds))
            seconds = time.monotonic() - began
        gone = lost(diary, Triage.of(workspace, view.anchor), Reviews(workspace.events(), batch.batch_id))
    actions = {name: _summed(spent) for name, spent in sorted(diary.seconds.items())}
    clicks = [one for name, spent in diary.seconds.items() if name != _LOOK for one in spent]
    result = {
        "workspace": given.workspace.name,
        "people": given.people,
        "seconds": round(seconds),
        "think_seconds": THINKS,
        "gaps": len(gaps),
        "candidates": given.candidates,
        "all_clicks": _summed(clicks),
        "actions": actions,
        "errors": len(diary.errors),
        "first_errors": diary.errors[:5],
        "decisions": len(diary.told),
        "lost": len(gone),
        "others_came_first": diary.left,
        "memory_mb": memory,
        "cores": cores,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    _show(actions)
    sys.stdout.write(json.dumps(result) + "\n")


_LOOK = "the job strip looks again"


async def _crowd(
    server: Server, diary: Diary, gaps: Sequence[int], people: int, seconds: float
) -> tuple[list[int], Mapping[str, float]]:
    """Let them all work; returns the server's memory, MB every ten seconds, and how many cores each side kept busy."""
    began, until = time.monotonic(), time.monotonic() + seconds
    sys.stderr.write(f"server {server.process.pid}\n")
    here, theirs = psutil.Process(), server.cpu()
    mine = sum(here.cpu_times()[:2])
    memory: list[int] = []

    async def sample() -> None:
        while True:
            memory.append(round(server.process.memory_info().rss / 1e6))
            await asyncio.sleep(_SAMPLED_EVERY)

    async def one(number: int) -> None:
        await asyncio.sleep(_COME_WITHIN * number / people)
        address = f"ws://localhost:{server.port}/_stcore/stream"
        async with connect(address, max_size=None, compression=None, open_timeout=60) as browser:
            page = Visitor(browser)
            listening = asyncio.create_task(page.listen())
            await Person(f"Person {number}", page, diary, gaps, THINKS).work(until)
            listening.cancel()
            diary.seconds.setdefault(_LOOK, []).extend(page.looks)

    sampling = asyncio.create_task(sample())
    await asyncio.gather(*(one(number) for number in range(people)))
    sampling.cancel()
    spent = time.monotonic() - began
    busy = {"server": server.cpu() - theirs, "people": sum(here.cpu_times()[:2]) - mine}
    return memory, {name: round(used / spent, 2) for name, used in busy.items()}


def lost(diary: Diary, triage: Triage, reviews: Reviews) -> list[Told]:
    """The acknowledged decisions that the log does not have."""
    logged = {(e.author, e.item, e.payload.get("state")) for e in triage.history()}
    logged |= {(e.author, e.item.partition(":")[0], e.payload.get("choice")) for e in reviews.history()}
    return [one for one in diary.told if (one.author, one.item, one.decided) not in logged]


def _summed(spent: Sequence[float]) -> dict[str, float]:
    """Count, and median, 95 % and most in milliseconds."""
    ms = sorted(1000 * one for one in spent) or [0.0]
    p95 = ms[min(len(ms) - 1, round(0.95 * len(ms)))]
    return {"n": len(spent), "p50": round(statistics.median(ms)), "p95": round(p95), "max": round(ms[-1])}


def _show(actions: Mapping[str, Mapping[str, float]]) -> None:
    table = Table("action", "times", "p50, ms", "p95", "most")
    for name, row in actions.items():
        table.add_row(name, *(f"{value:,.0f}" for value in row.values()))
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
