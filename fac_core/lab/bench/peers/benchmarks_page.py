"""The table of peers as Markdown and a picture, written between marks into a document that says the rest."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fac_core.errors import BadInput
from fac_core.lab.bench.peers.race import LEAST_JACCARD
from fac_core.lab.bench.peers.roster import CONTESTANTS
from fac_core.lab.markdown import markdown
from fac_core.report.charts import dots
from fac_core.whole import write_whole

_NONE = "–"
_ANSWERS = {"top_of_one": "top 10 of one", "top_of_all": "top 20 of all", "fac": "FAC at eight δ"}
_HEAD = (
    *(
        "contestant",
        "Jaccard",
        "largest difference",
        "tokens/s (range)",
        "of the ceiling",
        "processors",
        "peak memory",
        "bytes an activation",
    ),
    *_ANSWERS.values(),
)


def write_page(found: Mapping[str, Any], page: Path, *, mark: str = "table") -> None:
    """Put the tables between `<!-- MARK -->` and `<!-- end of MARK -->`, and the picture beside the page.

    Raises `BadInput` where the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    if begin not in text or end not in text:
        raise BadInput(f"{page} has no place for the table: it needs the lines {begin.strip()!r} and {end!r}.")
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    picture = page.with_name(f"{page.stem}-{mark}.svg")
    write_whole(page, f"{before}{begin}{tables(found, picture.name)}{end}{after}")
    write_whole(picture, figure(found))


def tables(found: Mapping[str, Any], picture: str) -> str:
    """Machine, a table for each dtype, and how each contestant works."""
    dtypes = [dtype for dtype in LEAST_JACCARD if any(row["dtype"] == dtype for row in found["rows"])]
    parts = [
        _machine(found["machine"], found["with_sinks"]),
        f"\n![Share of the ceiling of each contestant]({picture})\n",
    ]
    for dtype in dtypes:
        rows = [row for row in found["rows"] if row["dtype"] == dtype]
        ceiling = _ceiling(rows, dtype)
        parts += [f"\n### {dtype}\n", markdown(_HEAD, [_line(row, ceiling) for row in rows])]
        parts += [f"\n{said}\n" for said in [_why_not(rows)] if said]
    return "\n".join([*parts, "\n### How each works\n", _ways(found["rows"]), ""])


def figure(found: Mapping[str, Any]) -> str:
    """SVG: share of the ceiling, a band a dtype, a mark a contestant with equal outputs, with the range of its passes."""
    rows = []
    for dtype in LEAST_JACCARD:
        ceiling = _ceiling(found["rows"], dtype)
        for row in found["rows"]:
            if ceiling and row["dtype"] == dtype and "seconds" in row and row.get("equal", True):
                low, high = _range(row)
                rows.append((dtype, row["name"], (rate(row) / ceiling, low / ceiling, high / ceiling)))
    return dots(
        rows, title="Content tokens a second, as a share of the ceiling", x_title="share of the ceiling of the dtype"
    )


def _ceiling(rows: Sequence[Mapping[str, Any]], dtype: str) -> float | None:
    found = [row for row in rows if row["way"] == "ceiling" and row["dtype"] == dtype and "seconds" in row]
    return rate(found[0]) if found else None


def _range(row: Mapping[str, Any]) -> tuple[float, float]:
    rates = [row["tokens"] / (seconds * row["parts"]) for seconds in row["seconds"]]
    return min(rates), max(rates)


def rate(row: Mapping[str, Any]) -> float:
    """Content tokens a second, the median of the passes."""
    return row["tokens"] / (statistics.median(row["seconds"]) * row["parts"])


def _line(row: Mapping[str, Any], ceiling: float | None) -> list[str]:
    if "why_not" in row:
        return [row["name"], *[_NONE] * (len(_HEAD) - 1)]
    low, high = _range(row)
    spread = f" ({low:,.0f} to {high:,.0f})" if low < high else ""
    return [
        row["name"],
        f"{row['jaccard']:.4f}" if "jaccard" in row else _NONE,
        f"{row['apart']:.2g}" if "apart" in row else _NONE,
        f"{rate(row):,.0f}{spread}" if row.get("equal", True) else "outputs are not equal",
        f"{rate(row) / ceiling:.2g}" if ceiling else _NONE,
        f"{statistics.mean(row['processors']):.1f}",
        f"{row['peak_mb']:,.0f} MB",
        f"{row['bytes_an_activation']:.1f}" if "bytes_an_activation" in row else _NONE,
        *(f"{statistics.median(row[name]['seconds']) * 1000:,.0f} ms" if name in row else _NONE for name in _ANSWERS),
    ]


def _why_not(rows: list[Mapping[str, Any]]) -> str:
    return "\n".join(f"Not measured, {row['name']}: {row['why_not']}." for row in rows if "why_not" in row)


def _machine(machine: Mapping[str, Any], with_sinks: int) -> str:
    return (
        f"{machine['date']}; {machine['processor']}, {machine['cores']} cores, PyTorch runs as {machine['capability']}, "
        f"{machine['threads']} threads; {machine['system']}, torch {machine['torch']}. "
        f"SmolLM2-135M, {machine['sae']}. {machine['texts']} texts of {machine['shortest']} to {machine['longest']} tokens, "
        f"{machine['tokens']:,} content tokens, in the order of the demo's anchor; {with_sinks} with an attention sink behind their "
        "first token are read and timed, but not compared. "
        f"The encoder's probe took {machine['probe']}: {machine['reason']}."
    )


def _ways(rows: list[Mapping[str, Any]]) -> str:
    lines = []
    there = {row["way"] for row in rows}
    for one in [one for one in CONTESTANTS if one.way in there]:
        mine = [row for row in rows if row["way"] == one.way and "seconds" in row]
        versions = ", ".join(f"{p} {v}" for p, v in (mine[0]["versions"] if mine else {}).items())
        batches = " / ".join(str(row["batch"]) for row in mine if row["batch"])
        lines.append([one.name, one.works, one.stores, batches or _NONE, versions or ", ".join(one.packages) or _NONE])
    return markdown(("contestant", "way of working", "stores", "texts a batch", "versions"), lines)
