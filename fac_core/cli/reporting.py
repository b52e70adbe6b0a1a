"""The command that writes a run up: `fac report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fac_core.cli.options import AnchorName, Json, RunName, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, write_json
from fac_core.coverage.definition import PAPER, Definition


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(report)


@takes_definition
def report(
    run: RunName = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("report.html"),
    gaps: Annotated[int, typer.Option(help="Gaps to show with their evidence.")] = 20,
    anchor: AnchorName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Write a run up as one HTML file that opens without a server."""
    from fac_core.workflows.report import report as write

    path = write(output, run, anchor, definition, n_gaps=gaps, workspace=workspace)
    if json:
        write_json({"report": path, "bytes": path.stat().st_size})
    else:
        out.print(f"{path} ({path.stat().st_size / 1e3:,.0f} kB). Open it in a browser.")
