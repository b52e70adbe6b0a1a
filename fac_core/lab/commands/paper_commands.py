"""Command that replicates the paper's design in small: `fac lab paper-design`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.lab.commands.values import interval, print_table
from fac_core.whole import write_whole


def paper_design(
    config: Annotated[Path, typer.Argument(help="Settings of the study (.toml); data/paper_design.toml.")],
    model: Annotated[list[str] | None, typer.Option(help="Who writes; again for another. The one that learns.")] = None,
    apart: Annotated[int, typer.Option(min=1, help="Parts that features are dealt into, one for a draw; 1: all.")] = 1,
    figure: Annotated[Path | None, typer.Option(help="Also draw the differences (.svg).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Relevance and missingness told apart: texts written for features of four cells, from three sources, learned and tested."""
    from fac_core.generators.cache import Cached
    from fac_core.generators.named import named
    from fac_core.lab.paper_design import contrasts as study
    from fac_core.lab.paper_design.sources import PaperDesign
    from fac_core.store.workspace import Workspace
    from fac_core.toml_file import read_toml

    design, opened = read_toml(config, PaperDesign), Workspace.at(workspace)
    writers = [Cached(named("local", one), opened.answers()) for one in model or [design.model]]
    with progress_bar("The paper's design") as tell:
        found = study.paper_design(design, opened, writers, apart=apart, on_progress=tell)
    effects = {name: study.effects(of) for name, of in found.items()}
    if figure:
        write_whole(figure, study.figure(effects))
    if json:
        differences = {name: [one.as_dict() for one in of] for name, of in effects.items()}
        write_json({"arms": {name: [vars(one) for one in of] for name, of in found.items()}, "effects": differences})
        return
    arms = ((name, one) for name, of in found.items() for one in of)
    print_table(("writer", *study.COLUMNS), ((name, *one.as_row()) for name, one in arms))
    out.print(f"Differences, 95 % over {design.draws} draws, and what a power of 80 % would have found:")
    print_table(
        ("writer", "difference", "AUPRC", "would be found"),
        (
            (name, one.name, interval(one.interval, digits=3), f"{one.detectable:.3f}")
            for name, of in effects.items()
            for one in of
        ),
    )
