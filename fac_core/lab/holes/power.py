"""How small a hole can be seen, at which size of data: what stands beside "nothing significant"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fac_core.lab.holes.results import Line

LEAST_AUROC = 0.8


@dataclass(frozen=True)
class Power:
    """Holes of one size in data of one size."""

    wanted: str
    """Share of the anchor."""
    size: str
    """Texts in the data; `all` where nothing was left out."""
    n_cases: int
    n_data: float
    """Mean."""
    auroc: float
    found: float
    """Share of cases with an AUROC of `LEAST_AUROC` or more and a right theme among the first three."""
    reported: float
    """Share of cases with a right theme at the false discovery rate."""


def was_found(line: Line) -> bool:
    """Whether a hole shows: its texts score higher, and it is among the first three themes."""
    return (line["auroc"] or 0.0) >= LEAST_AUROC and bool(line["among_three"])


def power(lines: Sequence[Line], method: str) -> list[Power]:
    """One row a size of hole and of data, of whole holes (nothing left in); small ones first."""
    cells: dict[tuple[float, float, str, str], list[Line]] = {}
    for line in lines:
        if line["method"] == method and line["kind"] == "hole" and line["wanted"] != "as it is":
            order = float(line["wanted"].rstrip("%")), float("inf") if line["size"] == "all" else float(line["size"])
            cells.setdefault((*order, line["wanted"], line["size"]), []).append(line)
    return [
        Power(
            wanted,
            size,
            len(cell),
            sum(one["n_data"] for one in cell) / len(cell),
            sum(one["auroc"] or 0.0 for one in cell) / len(cell),
            sum(map(was_found, cell)) / len(cell),
            sum(bool(one["reported_right"]) for one in cell) / len(cell),
        )
        for (_, _, wanted, size), cell in sorted(cells.items())
    ]
