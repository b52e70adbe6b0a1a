"""Commands that train small models to see whether data helps: `fac study`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(study)


def study(
    config: Annotated[Path, typer.Argument(help="Settings of the study (.toml); data/studies has some.")],
    figure: Annotated[
        Path | None, typer.Option(help="Also draw the chosen definition against the score (.svg).")
    ] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """FAC against performance: many training sets of one size, and which metric of a set goes with what is learned from it."""
    import fac_core as fac

    with progress_bar("Study") as tell:
        found = fac.study(config, workspace=workspace, on_progress=tell)
    if figure:
        from fac_core.evaluation.scatter import study_figure

        figure.write_text(study_figure(found), encoding="utf-8")
    if json:
        write_json({"summary": found.summary, "findings": found.findings})
    else:
        _print(found.summary)


def _print(summary: dict[str, Any]) -> None:
    low, high = summary["score_range"]
    sizes = ", ".join(
        f"{n} to {'choose on' if half == 'choice' else 'test on'}" for half, n in summary["n_sets"].items()
    )
    out.print(f"{summary['name']}: {sizes}; {summary['metric']} from {low:.3f} to {high:.3f}.")
    out.print(f"Reliability of the score {summary['score_reliability']:.2f}. Chosen: [bold]{summary['chosen']}[/]")
    table = Table("on the test sets", "Pearson", "Spearman", "given log length", box=None)
    for name, line in summary["test"].items():
        table.add_row(Text(name), *(_interval(line[kind]) for kind in ("pearson", "spearman", "partial")))
    out.print(table)
    out.print(f"Pearson of the chosen minus that of {summary['rival']}: {_interval(summary['chosen_minus_rival'])}")
    for name, bar in summary["bars"].items():
        out.print(f"Bar {name} ≥ {bar}: {'reached' if summary['reached'][name] else 'missed'}")


def _interval(three: list[float]) -> str:
    return f"{three[0]:+.2f} ({three[1]:+.2f} to {three[2]:+.2f})"
