"""How results leave the command line: a table for people, or one JSON document for programs."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from fac_core.progress import Progress as Callback

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def write_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=False) + "\n")


def _plain(value: Any) -> Any:
    """What `json` does not know by itself."""
    if isinstance(value, pa.Table):
        return value.to_pylist()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


@contextmanager
def progress_bar(title: str) -> Iterator[Callback]:
    """A progress bar on stderr, as the callback that long tasks take."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=err, transient=not err.is_terminal, disable=not err.is_terminal) as bar:
        task = bar.add_task(title, total=None, note="")
        told = time.monotonic()

        def tell(done: int, total: int, note: str = "") -> None:
            nonlocal told
            bar.update(task, completed=done, total=total or None, note=note)
            if not err.is_terminal and (time.monotonic() - told > 10 or done == total):
                told = time.monotonic()
                so_far = f"{done:,} of {total:,}" if total else f"{done:,}"
                err.print(f"{title}: {so_far}  {note}")

        yield tell
