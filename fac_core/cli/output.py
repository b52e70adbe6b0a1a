"""How results leave the command line: a table for people, or one JSON document for programs.

Names, labels and sample text are untrusted: they only ever enter a terminal as `Text`, never as markup,
and through `Terminal`.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from fac_core.errors import WrongUse
from fac_core.progress import Progress as Callback
from fac_core.whole import write_whole

if TYPE_CHECKING:
    import pyarrow as pa

    from fac_core.coverage.curves import ClusterCoverage
    from fac_core.evidence.examples import Example


class Terminal(Console):
    """Where everything for people is written. What a terminal would obey stands there as a sign, whoever wrote it."""

    def render(self, renderable: Any, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else harmless(text), style, control)


_OBEYED = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"},  # ␛ for an escape
    **dict.fromkeys(range(0x7F, 0xA0), "\ufffd"),
    **dict.fromkeys([0x2028, 0x2029], " "),
    **dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)], ""),  # what turns the direction of a line
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}


def harmless(text: str) -> str:
    """Text in which no character moves a cursor, sets a colour or a title, or turns the direction of a line.

    >>> harmless("a\x1b[31mb\u202ec")
    'a␛[31mbc'
    """
    return text.translate(_OBEYED)


class OneLine(logging.Formatter):
    """A message of the log as one line, which nobody's name can end or colour."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(" ".join(super().format(record).splitlines()))


out = Terminal(highlight=False, markup=False)
err = Terminal(stderr=True, highlight=False, markup=False)

_ESCAPED = re.compile("[\x7f-\x9f\ud800-\udfff]")
"""What JSON may hold as it is, and a terminal obeys or no stream can take."""
_CONTEXT = 60
"""Characters shown on each side of a peak."""


def write_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    written = json.dumps(value, default=_plain, ensure_ascii=False)
    sys.stdout.write(_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written) + "\n")


def say(json: bool, document: Any, *shown: Table | Text | str) -> None:
    """A result: the document for programs, or what is shown to people, line by line."""
    if json:
        write_json(document)
        return
    for part in shown:
        out.print(Text(part) if isinstance(part, str) else part)


def write_rows(path: Path, rows: Iterable[Any]) -> None:
    """Rows as JSON lines in a file that is not there yet. Raises `WrongUse` where one is, or where none can be written."""
    if path.exists():
        raise WrongUse(f"{path} is there already, and no file of yours is replaced. Name another one.")
    try:
        write_whole(path, "".join(json.dumps(row, default=_plain, ensure_ascii=False) + "\n" for row in rows))
    except OSError as error:
        raise WrongUse(f"{path} cannot be written ({error.strerror}). Name a file in a folder of yours.") from error


def _numbers(value: Any) -> Any:
    """Without NaN, which JSON does not have."""
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    return None if isinstance(value, float) and isnan(value) else value


def _plain(value: Any) -> Any:
    """What `json` does not know by itself."""
    for form in ("to_pylist", "tolist"):  # Arrow tables; numpy arrays and numbers
        if hasattr(value, form):
            return _numbers(getattr(value, form)())
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, whole: Sequence[str] = ()) -> Table:
    """A table: whole numbers with thousands, everything else as it is written.

    Args:
        whole: columns that are never broken over lines.
    """
    drawn = Table(box=None, pad_edge=False)
    for column in columns:
        drawn.add_column(Text(column), no_wrap=column in whole)
    for row in rows:
        drawn.add_row(*(Text(f"{cell:,}") if type(cell) is int else _text(cell) for cell in row))
    return drawn


def _text(cell: Any) -> Text:
    return cell if isinstance(cell, Text) else Text("" if cell is None else str(cell))


def in_line(text: str | None, width: int | None = None) -> Text:
    """A text on one line, its beginning where there is no room for all."""
    return Text(" ".join((text or "").split())[:width], no_wrap=True, overflow="ellipsis")


def gap_table(found: pa.Table) -> Table:
    """One line a gap, as `view.gaps()` ranks them; theme and cause where not all have the same."""
    gaps = found.to_pylist()
    of = ["theme"] if len({row["theme"] for row in gaps}) > 1 else []
    why = ["why"] if len({row["cause"] for row in gaps}) > 1 else []
    rows = (
        (
            str(row["feature_id"]),
            f"{row['priority']:.2f}",
            row["n_active"],
            f"{row['max']:.3g}",
            _fires_on(row["words"], row["label"]),
            *(row["cause"] for _ in why),
            *(row["theme"] or "–" for _ in of),
            in_line(row["snippet"]),
        )
        for row in gaps
    )
    return table(["feature", "priority", "samples", "max", "fires on", *why, *of, "strongest in"], rows)


def _fires_on(words: str, label: str) -> str:
    """The words; and the label where it says more."""
    says_more = label and words.partition(",")[0] not in label
    return f"{label} ({words})" if says_more else words


def part_table(title: str, parts: Iterable[ClusterCoverage], words: Mapping[str, Sequence[str]] | None = None) -> Table:
    """FAC of the features of each part of the anchor, least covered first; with words of the missing ones."""
    rows = (
        (
            str(part.cluster),
            f"{part.numerator:,} of {part.denominator:,}",
            f"{part.fac:.0%}",
            bar(part.fac, width=15),
            ", ".join((words or {}).get(str(part.cluster), ())),
        )
        for part in parts
    )
    return table([title, "covered", "FAC", "", "missing, for example" if words else ""], rows)


def curve_table(points: Sequence[Any], n_rows: int = 15) -> Table:
    """A curve as bars, thinned to some rows."""
    step = max(1, -(-len(points) // n_rows))
    shown = [*points[:-1:step], points[-1]]
    if hasattr(shown[0], "mean"):
        rows = [(p.n_samples, f"{p.mean:.1%}", bar(p.mean), f"{p.low:.1%} – {p.high:.1%}") for p in shown]
        return table(["samples", "FAC", "", "5 % – 95 %"], rows)
    axis = "delta" if hasattr(shown[0], "delta") else "min_count"
    rows = [(f"{getattr(p, axis):.3g}", f"{p.fac:.1%}", bar(p.fac), p.denominator) for p in shown]
    return table(["δ" if axis == "delta" else "needed", "FAC", "", "features"], rows)


def print_examples(console: Console, feature: int, examples: Sequence[Example]) -> None:
    """The samples of a feature, active tokens highlighted, the peak underlined."""
    if not examples:
        console.print(f"Feature {feature} fires in no sample of this run.")
    for example in examples:
        where = example.metadata.get("set") or example.metadata.get("id") or f"sample {example.sample_id}"
        strength, place = Text(f"{example.activation:8.3g}  "), Text(f"  [{where}]", style="dim")
        console.print(strength, highlighted(example), place)


def highlighted(example: Example) -> Text:
    """The text around the peak; stronger tokens have a stronger background, and the peak is underlined too."""
    text = Text(example.text)
    strongest = example.peak.activation if example.peak else 1.0
    for token in example.tokens:
        share = token.activation / strongest
        style = "black on bright_yellow" if share > 0.66 else "black on yellow" if share > 0.33 else "yellow"
        text.stylize(style, token.char_start, token.char_end)
    if example.peak:
        text.stylize("underline", example.peak.char_start, example.peak.char_end)
    centre = example.peak.char_start if example.peak else 0
    start, end = max(0, centre - _CONTEXT), min(len(text), centre + _CONTEXT)
    shown = text[start:end]
    shown.plain = "".join(c if c.isprintable() else "⏎" if c == "\n" else " " for c in shown.plain)
    return shown


def bar(share: float, width: int = 30) -> str:
    """A share of 1 as blocks."""
    full = round(share * width)
    return "█" * full + "·" * (width - full)


@contextmanager
def progress_bar(title: str) -> Iterator[Callback]:
    """A progress bar on stderr, as the callback that long tasks take."""
    before, after = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[note]}", markup=False)
    columns = (before, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), after)
    with Progress(*columns, console=err, transient=not err.is_terminal, disable=not err.is_terminal) as shown:
        task = shown.add_task(title, total=None, note="")
        told = time.monotonic()

        def tell(done: int, total: int, note: str = "") -> None:
            nonlocal told
            shown.update(task, completed=done, total=total or None, note=note)
            if not err.is_terminal and (time.monotonic() - told > 10 or done == total):
                told = time.monotonic()
                so_far = f"{done:,} of {total:,}" if total else f"{done:,}"
                err.print(Text(f"{title}: {so_far}  {note}"))

        yield tell
