"""What the log of the cases says, as Markdown between marks of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fac_core.errors import BadInput
from fac_core.lab.markdown import markdown
from fac_core.whole import write_whole

_BEGIN, _END = "<!-- crashes -->\n", "<!-- end of crashes -->"
Cases = Sequence[Mapping[str, Any]]


def faults(cases: Cases) -> Cases:
    """Those after which something was not as it has to be."""
    return [case for case in cases if case["broken"]]


def tables(cases: Cases) -> str:
    """A row a task, a column an ending: cases that met it at work, and of how many something was wrong afterwards."""
    endings = list(dict.fromkeys(case["ending"] for case in cases))
    tasks = list(dict.fromkeys(case["task"] for case in cases))
    rows = [
        [task, *(_cell([c for c in cases if (c["task"], c["ending"]) == (task, e)]) for e in endings)] for task in tasks
    ]
    met = sum(case["in_time"] for case in cases)
    said = f"{met:,} cases, {len(faults(cases)):,} with a fault."
    listed = "".join(
        f"- {case['task']}, {case['ending']} ({case['where']}): {'; '.join(case['broken'])}\n" for case in faults(cases)
    )
    return "\n".join([said, "", markdown(["", *endings], rows), *([listed] if listed else [])])


def _cell(cases: Cases) -> str:
    """Cases in time, and the faults; nothing where the ending makes no sense for the task.

    >>> _cell([{"in_time": True, "broken": []}, {"in_time": True, "broken": ["a run is gone"]}])
    '2, **1 wrong**'
    """
    if not cases:
        return ""
    wrong = len(faults(cases))
    return f"{sum(case['in_time'] for case in cases)}" + (f", **{wrong} wrong**" if wrong else "")


def write_page(cases: Cases, page: Path) -> None:
    """Put the table between its marks. Raises `BadInput` for a page that has none."""
    text = page.read_text(encoding="utf-8")
    if _BEGIN not in text or _END not in text:
        raise BadInput(f"{page} has no place for the table: it needs the lines {_BEGIN.strip()!r} and {_END!r}.")
    before, rest = text.split(_BEGIN, 1)
    write_whole(page, f"{before}{_BEGIN}{tables(cases)}{_END}{rest.split(_END, 1)[1]}")
