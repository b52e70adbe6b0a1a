"""Commands about this machine and the whole story: `fac doctor`, `fac demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fac_core.cli.options import Json
from fac_core.cli.output import out, progress_bar, write_json


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(doctor)
    app.command()(demo)


def doctor(json: Json = False) -> int:
    """What is missing on this machine, and the command that mends it."""
    from fac_core.doctor import checks, is_healthy

    found = checks()
    if json:
        write_json({"healthy": is_healthy(found), "checks": found})
    else:
        table = Table("", "what", "found", "mend", box=None)
        for check in found:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]" if check.needed else "[yellow]–[/]"
            table.add_row(mark, check.name, check.found, check.mend)
        out.print(table)
    return 0 if is_healthy(found) else 1


def demo(
    workspace: Annotated[Path, typer.Option(help="Where the demo's workspace goes.")] = Path("demo-workspace"),
    json: Json = False,
) -> None:
    """Two public datasets, a real model and SAE: FAC, the gaps and the curves, in a few minutes."""
    from fac_core.cli.story import tell
    from fac_core.demo import run_demo

    result = run_demo(workspace, progress_bar)
    if json:
        write_json(result)
    else:
        tell(out, result)
