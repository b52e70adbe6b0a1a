"""How long does the server take for a page, and for a change of each of its controls?

    python -m dashboard.latency WORKSPACE [--repeats 20]

A dashboard is started as `fac ui` starts it, and asked as a browser asks: over its websocket, each visit in a session of
its own, a control set through the URL. Timed is all that the server does, but no drawing; CPU time stands beside. An *empty*
page is what Streamlit does without us. *Cold* is from the start of the process to the first number, FAC; *first* a page's or
control's first time (its caches are empty), *warm* every later time. The last line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table
from streamlit.proto.Element_pb2 import Element

from dashboard.server import HEALTH, free_port, running
from dashboard.warming import drawn
from fac_core.evidence.groups import evidence
from fac_core.store.workspace import ENVIRONMENT_VARIABLE, Workspace

APP = Path(__file__).with_name("app.py")
BAR_MS = 300
EMPTY, FIRST_NUMBER = "an empty page", "Feature Activation Coverage"
_WORDS = ("ba", "de")
_SIDEBAR = {"preset": ("paper", "calibrated"), "w_trust": ("0", "2")}
CONTROLS: dict[str, dict[str, tuple[str, ...]]] = {
    "overview": _SIDEBAR,
    "map": {**_SIDEBAR, "mq_colour": ("density", "trust"), "mq_words": _WORDS},
    "features": {
        **_SIDEBAR,
        "fq_words": _WORDS,
        "fq_state": ("Uncovered", "Weak"),
        "feature": ("17", "40", "99", "1000"),
    },
    "gaps": {
        **_SIDEBAR,
        "gq_words": _WORDS,
        "gq_cause": ("never fires", "below the threshold"),
        "gq_trust": ("0.7", "0.9"),
        "gq_view": ("all", "one at a time"),
        "gq_place": ("2", "3"),
    },
}
"""Page that is timed -> control -> the values it is given in turn."""


@dataclass(frozen=True)
class Server:
    """A running dashboard."""

    port: int
    process: psutil.Process

    def open(self, page: str, params: dict[str, str] | None = None, *, until: str | None = None) -> list[Element]:
        """Visit a page in a session of its own, `until` a metric is there; returns what was drawn. Raises what the page raised."""
        found: list[Element] = []
        for element in drawn(f"http://localhost:{self.port}", page, params):
            found.append(element)
            if until is not None and element.metric.label == until:
                break
        return found

    def cpu(self) -> float:
        """Seconds of work so far."""
        return sum(self.process.cpu_times()[:2])


@contextmanager
def serving(app: Path, workspace: Path) -> Iterator[Server]:
    """A dashboard for as long as the context lasts. Raises `RuntimeError` if it does not come up."""
    port = free_port()
    options = (f"--server.port={port}", "--server.headless=true", "--server.fileWatcherType=none")
    command = [sys.executable, "-m", "streamlit", "run", str(app), *options]
    environment = {ENVIRONMENT_VARIABLE: str(workspace.resolve())}
    with running(command, f"http://localhost:{port}{HEALTH}", env=environment) as process:
        yield Server(port, psutil.Process(process.pid))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.touch()
        with serving(empty, given.workspace) as server:
            rows = {EMPTY: _timed(server, lambda _: server.open(""), given.repeats)}
    began = time.perf_counter()
    with serving(APP, given.workspace) as server:
        server.open("", until=FIRST_NUMBER)
        result: dict[str, object] = {"workspace": given.workspace.name, "cold_first_number_ms": _ms(began)}
        result["cold_cpu_ms"] = round(1000 * server.cpu())
        rows |= {name: row for page in CONTROLS for name, row in _page(server, page, given.repeats)}
        result["map_bytes"] = max((len(e.plotly_chart.spec) for e in server.open("map")), default=0)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    result |= {"pages": rows, "detail_ms": _detail(Workspace(given.workspace)), "load": load}
    result["over_the_bar"] = sorted(name for name, row in rows.items() if row["warm_p95"] > BAR_MS)
    _show(rows)
    sys.stdout.write(json.dumps(result) + "\n")


def _page(server: Server, page: str, repeats: int) -> Iterator[tuple[str, dict[str, float]]]:
    """The page itself, then each of its controls: times in ms."""
    yield page, _timed(server, lambda _: server.open(page), repeats)
    for control, values in CONTROLS[page].items():
        in_turn = [{control: value} for value in values]
        opened = partial(lambda turns, turn: server.open(page, turns[turn % len(turns)]), in_turn)
        yield f"{page}: {control}", _timed(server, opened, repeats, n_first=len(values))


def _timed(server: Server, run: Callable[[int], object], repeats: int, *, n_first: int = 1) -> dict[str, float]:
    spent = [_spent(lambda turn=turn: run(turn), server.cpu) for turn in range(repeats + n_first)]
    return {"first": max(ms for ms, _ in spent[:n_first]), **_summed(spent[n_first:], "warm_")}


def _detail(workspace: Workspace) -> dict[str, float]:
    """What one feature's groups and numbers take, each feature read for the first time: ms."""
    anchor = workspace.opened()
    features = range(0, anchor.info.d_sae, max(1, anchor.info.d_sae // 40))
    return _summed([_spent(lambda one=one: evidence(anchor, one, 0.0), time.process_time) for one in features])


def _spent(run: Callable[[], object], cpu: Callable[[], float]) -> tuple[float, float]:
    """Milliseconds by the clock and of work."""
    began, worked = time.perf_counter(), cpu()
    run()
    return _ms(began), round(1000 * (cpu() - worked), 1)


def _summed(spent: list[tuple[float, float]], name: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for kind, values in zip(("", "cpu_"), map(sorted, zip(*spent, strict=True)), strict=True):
        found[f"{name}{kind}p50"] = round(statistics.median(values), 1)
        found[f"{name}{kind}p95"] = values[min(len(values) - 1, round(0.95 * len(values)))]
    return found


def _ms(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)


def _show(rows: dict[str, dict[str, float]]) -> None:
    table = Table("page: control", "first, ms", "warm p50", "warm p95", "CPU p50", "CPU p95")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:,.0f}" for value in row.values()))
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
