"""Commands about features and their space: `fac why`, `atlas`, `match`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import AnchorName, Json, Relevant, RunName, WorkspaceFolder, takes_definition, takes_relevant
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.coverage.definition import PAPER, Definition


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (why, atlas, match):
        app.command()(command)


@takes_relevant
@takes_definition
def why(
    run: RunName = None,
    anchor: AnchorName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
    relevant: Relevant = None,
) -> None:
    """Why the gaps are uncovered, and what would mend each kind."""
    import fac_core as fac
    from fac_core.gaps.causes import REMEDIES, Cause, cause_counts

    found = fac.why(run, anchor, definition, relevant, workspace=workspace)
    if json:
        write_json(found)
        return
    table = Table("gaps", "why", "what would mend it", box=None)
    counted = cause_counts(found)
    for cause in get_args(Cause):
        table.add_row(f"{counted[cause]:,}", cause, REMEDIES[cause])
    out.print(table)


@takes_relevant
@takes_definition
def atlas(
    run: RunName = None,
    anchor: AnchorName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
    relevant: Relevant = None,
) -> None:
    """Make the map, clusters and neighbours of the feature space (once, a minute), and show coverage by cluster."""
    import fac_core as fac

    with progress_bar("Atlas") as tell:
        fac.atlas(anchor, workspace=workspace, on_progress=tell).close()
    parts = fac.coverage_by_cluster(run, anchor, definition, relevant, workspace=workspace)
    if json:
        write_json(parts)
        return
    table = Table("cluster (named by machine)", "covered", "FAC", box=None)
    for part in parts:
        table.add_row(Text(str(part.cluster)), f"{part.numerator:,} of {part.denominator:,}", f"{part.fac:.0%}")
    out.print(table)


def match(
    run_a: Annotated[str, typer.Argument(help="Run name or id.")],
    run_b: Annotated[str, typer.Argument(help="Run of the same dataset in another feature space.")],
    workspace_b: Annotated[Path | None, typer.Option(help="Workspace of run B, if it is another.")] = None,
    least: Annotated[float, typer.Option(help="Correlation from which a mutually best pair is a match.")] = 0.5,
    n: Annotated[int, typer.Option("-n", help="Pairs to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Which features of one space are found in another, by when they fire on the same texts; chance beside it."""
    import fac_core as fac

    found = fac.match(run_a, run_b, workspace=workspace, workspace_b=workspace_b, least_correlation=least)
    if json:
        write_json(found)
        return
    table = Table("feature A", "feature B", "correlation", "same strongest samples", box=None)
    for row in found.pairs.slice(0, n).to_pylist():
        cells = (str(row["feature_a"]), str(row["feature_b"]), f"{row['correlation']:.2f}", f"{row['shared_top']:.0%}")
        table.add_row(*cells)
    out.print(table)
    out.print(
        f"{found.share:.1%} of {found.n_tried:,} features of {found.run_a} have a match in {found.run_b}; with the texts"
        f" paired at random {found.null_share:.1%} (sd {found.null_sd:.1%}). {found.n_left_out:,} fire too rarely to be tried."
    )
