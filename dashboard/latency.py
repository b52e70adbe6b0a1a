"""How long does the server take for a page, and for a change of each of its controls?

    python -m dashboard.latency WORKSPACE [--repeats 20]

What is timed is the whole script run of a page, as Streamlit's own test harness drives it: from the request to the last
element, with caches as they then are, and with the harness's own work (it parses all that was drawn). The browser's part
(network, drawing) is not in it. CPU time stands beside it: on a machine that does other work, it is what the page costs. *Cold* is the first visit of a
fresh process, *first* a page's or control's first time there (its caches are empty), *warm* every later time. The last
line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from streamlit.testing.v1 import AppTest

from fac_core.store.workspace import ENVIRONMENT_VARIABLE

APP = Path(__file__).with_name("app.py")
BAR_MS = 300
PAGES: dict[str, dict[str, list[str]]] = {
    "overview": {"preset": ["paper", "calibrated"]},
    "map": {"preset": ["paper", "calibrated"], "mq_colour": ["density", "trust"], "mq_words": ["ba", "de"]},
    "features": {
        "preset": ["paper", "calibrated"],
        "fq_words": ["ba", "de"],
        "fq_state": ["Uncovered", "Weak"],
        "feature": ["17", "40", "99", "1000"],
    },
    "gaps": {
        "preset": ["paper", "calibrated"],
        "gq_words": ["ba", "de"],
        "gq_cause": ["never fires", "below the threshold"],
        "gq_trust": ["0.7", "0.9"],
        "gq_w_trust": ["0", "2"],
        "gq_view": ["all", "one at a time"],
        "gq_place": ["2", "3"],
    },
}
"""Page -> control -> the values it is given in turn. A control is set through the URL, as a link or a reload does."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--repeats", type=int, default=20)
    given = parser.parse_args()
    os.environ[ENVIRONMENT_VARIABLE] = str(given.workspace.resolve())
    began = time.perf_counter()
    _opened("overview", {})
    result: dict[str, object] = {"workspace": given.workspace.name, "cold_overview_ms": _ms(began)}
    rows = {name: row for page in PAGES for name, row in _page(page, given.repeats)}
    result["pages"] = rows
    result["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    result["map_bytes"] = _map_bytes()
    result["over_the_bar"] = sorted(name for name, row in rows.items() if row["warm_p95"] > BAR_MS)
    _show(rows)
    sys.stdout.write(json.dumps(result) + "\n")


def _page(page: str, repeats: int) -> Iterator[tuple[str, dict[str, float]]]:
    """The page itself, then each of its controls: times in ms."""
    yield page, _timed(lambda _: _opened(page, {}), repeats)
    for control, values in PAGES[page].items():

        def set_to(turn: int, control: str = control, values: list[str] = values) -> AppTest:
            return _opened(page, {control: values[turn % len(values)]})

        yield f"{page}: {control}", _timed(set_to, repeats, n_first=len(values))


def _timed(run: Callable[[int], AppTest], repeats: int, *, n_first: int = 1) -> dict[str, float]:
    times, cpu = [], []
    for turn in range(repeats + n_first):
        began, worked = time.perf_counter(), time.process_time()
        run(turn)
        times.append(_ms(began))
        cpu.append(round(1000 * (time.process_time() - worked), 1))
    return {
        "first": max(times[:n_first]),
        "warm_p50": round(statistics.median(times[n_first:]), 1),
        "warm_p95": _p95(times[n_first:]),
        "warm_cpu_p50": round(statistics.median(cpu[n_first:]), 1),
        "warm_cpu_p95": _p95(cpu[n_first:]),
    }


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


def _opened(page: str, params: dict[str, str]) -> AppTest:
    """A page in a session of its own, as a link opens it. Raises what the page raised."""
    app = AppTest.from_file(str(APP), default_timeout=600)
    for key, value in params.items():
        app.query_params[key] = value
    app.switch_page(f"views/{page}.py")
    app.run()
    if app.exception:
        raise RuntimeError(f"{page} {params}: {app.exception[0].value}")
    return app


def _map_bytes() -> int:
    """What the map's figure weighs on its way to the browser."""
    shown = _opened("map", {})
    return max((len(chart.proto.spec) for chart in shown.get("plotly_chart")), default=0)  # type: ignore[attr-defined]


def _ms(began: float) -> float:
    return round(1000 * (time.perf_counter() - began), 1)


def _show(rows: dict[str, dict[str, float]]) -> None:
    table = Table("page: control", "first, ms", "warm p50", "warm p95", "CPU p50", "CPU p95")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:,.0f}" for value in row.values()))
    Console(stderr=True).print(table)


if __name__ == "__main__":
    main()
