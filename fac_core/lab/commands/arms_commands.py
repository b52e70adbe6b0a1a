"""`fac study-synthesis`: which way of writing closes most gaps for the same number of tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fac_core.cli.options import AnchorName, Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command("study-synthesis")(study_synthesis)


def study_synthesis(
    folder: Annotated[Path, typer.Argument(help="Where results and answers are kept; the same folder goes on.")],
    seed: Annotated[str | None, typer.Option(help="Run whose gaps are filled; the newest by default.")] = None,
    anchor: AnchorName = None,
    targets: Annotated[int, typer.Option(help="Gaps to fill, drawn at random.")] = 100,
    tokens: Annotated[int, typer.Option(help="Generated for each target and way of writing.")] = 96,
    seeds: Annotated[int, typer.Option(help="Repetitions.")] = 3,
    max_tokens: Annotated[int, typer.Option(help="Of one candidate.")] = 28,
    arm: Annotated[list[str] | None, typer.Option(help="Only this way of writing (repeatable).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Compare ways of writing, guided and all together among them, at equal numbers of tokens. Interrupted, it goes on."""
    from fac_core.lab.writing.arms_study import StudySpec
    from fac_core.lab.writing.arms_study import study_synthesis as study

    spec = StudySpec(seed, anchor, targets, tokens, tuple(range(seeds)), max_tokens, arms=tuple(arm or ()))
    with progress_bar("Study") as tell:
        rows = study(spec, folder, workspace=workspace, on_progress=tell)
    if json:
        write_json(rows)
        return
    table = Table(
        "arm", "δ", "closed", "95 % interval", "tokens", "closed per 1,000 tokens", "times one step", box=None
    )
    for row in rows:
        interval = "" if row.half_width is None else f"± {row.half_width:.1%}"
        times = "" if row.times is None else f"{row.times:.2f}"
        times += "" if row.times_half_width is None else f" ± {row.times_half_width:.2f}"
        counts = (f"{row.tokens:,.0f}", f"{row.per_thousand:.2f}", times)
        table.add_row(row.arm, row.delta, f"{row.closure:.1%}", interval, *counts)
    out.print(table)
