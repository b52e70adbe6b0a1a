"""Results on disk: `<workspace>/holes/<name>.jsonl`, one line a case and method, appended as soon as it is there.

What an interruption leaves is kept, half a line at the end is dropped; of two lines of one case and method the later one holds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fac_core.lab.holes.cases import Case
from fac_core.store.workspace import Workspace

Line = dict[str, Any]


def results_file(workspace: Workspace, name: str) -> Path:
    """Where the results of the settings of this name are, or will be."""
    return workspace.folder / "holes" / f"{name}.jsonl"


def line_of(case: Case, method: str, figures: dict[str, Any], seconds: float) -> Line:
    """What is written of one answer."""
    return {
        "collection": case.collection.name,
        "case": case.key,
        "method": method,
        "kind": case.kind,
        "group": case.group,
        "left": case.left,
        "wanted": case.wanted,
        "size": case.size,
        "cut": case.cut,
        "share": round(case.share, 5),
        "n_anchor": len(case.anchor),
        "n_data": len(case.data),
        "n_missing": int(case.missing.sum()),
        **figures,
        "seconds": round(seconds, 3),
    }


def identity(line: Line) -> tuple[str, str, str]:
    """What makes two lines answers to the same question by the same method."""
    return line["collection"], line["case"], line["method"]


def read_results(path: Path) -> list[Line]:
    """Every result, in the order in which each was first there."""
    found: dict[tuple[str, str, str], Line] = {}
    if path.is_file():
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                line = json.loads(text)
            except (ValueError, RecursionError):
                continue  # cut off by an interruption; it is computed anew
            found[identity(line)] = line
    return list(found.values())


def append(path: Path, lines: list[Line]) -> None:
    """Write results after those that are there; a line that was cut off is ended first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write("".join(json.dumps(line) + "\n" for line in lines).encode())
