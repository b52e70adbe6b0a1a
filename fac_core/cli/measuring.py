"""Commands that read run files: `fac runs`, `coverage`, `gaps`, `curve`, `top`. No model is loaded."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from fac_core.cli import tables
from fac_core.cli.options import AnchorName, Json, Relevant, RunName, WorkspaceFolder, takes_definition, takes_relevant
from fac_core.cli.output import out, write_json
from fac_core.coverage.definition import PAPER, PRESETS, Definition
from fac_core.errors import EmptyAnchor, WrongUse


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (runs, coverage, gaps, curve, top):
        app.command()(command)


def runs(workspace: WorkspaceFolder = None, json: Json = False) -> None:
    """List the runs of the workspace, the newest last."""
    import fac_core as fac

    found = fac.runs(workspace)
    if json:
        write_json(found)
    else:
        out.print(tables.runs(found))


@takes_relevant
@takes_definition
def coverage(
    run: RunName = None,
    anchor: AnchorName = None,
    by: Annotated[str | None, typer.Option(help="Also by a metadata field of the anchor's samples, e.g. set.")] = None,
    versus: Annotated[list[str] | None, typer.Option(help="More runs to set beside it, at matched size.")] = None,
    closes: Annotated[
        str | None, typer.Option(help="Gap closure: how much of this seed run's gaps RUN closes.")
    ] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
    relevant: Relevant = None,
) -> None:
    """FAC of a run against the anchor, with its interval; both presets beside it."""
    import fac_core as fac

    result = fac.coverage(run, anchor, definition, relevant, workspace=workspace)
    interval = fac.interval(run, anchor, definition, relevant, workspace=workspace)
    document: dict[str, Any] = {
        **_without_lists(result),
        "interval": interval,
        "presets": {name: _preset(chosen, run, anchor, relevant, workspace) for name, chosen in PRESETS.items()},
    }
    if by:
        document["by"] = fac.coverage_by(by, run, anchor, definition, relevant, workspace=workspace)
    if versus:
        compared = fac.compare(
            [result.run, *versus], anchor, definition, relevant, workspace=workspace, match="samples"
        )
        document["compared"] = [
            {**_without_lists(c.coverage), "mean_length": c.mean_length, "matched": c.matched} for c in compared
        ]
    if closes:
        closure = fac.gap_closure(result.run, closes, anchor, definition, relevant, workspace=workspace)
        document["gap_closure"] = _without_lists(closure)
    if json:
        write_json(document)
    else:
        tables.print_coverage(out, result, document)


@takes_relevant
@takes_definition
def gaps(
    run: RunName = None,
    anchor: AnchorName = None,
    limit: Annotated[int, typer.Option(help="Rows to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
    relevant: Relevant = None,
) -> None:
    """Features that the anchor has and the run lacks, with the anchor's evidence."""
    import fac_core as fac

    found = fac.gaps(run, anchor, definition, relevant, workspace=workspace, limit=limit)
    if json:
        write_json(found)
    else:
        out.print(tables.gaps(found))


@takes_relevant
@takes_definition
def curve(
    kind: Annotated[
        str,
        typer.Argument(
            help="threshold (FAC against δ), growth (against samples) or count (against samples a feature needs)."
        ),
    ] = "threshold",
    run: Annotated[str | None, typer.Option("--run", help="Run name or id.")] = None,
    anchor: AnchorName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
    relevant: Relevant = None,
) -> None:
    """FAC as a function: of δ, of the number of samples, of the samples a feature needs."""
    import fac_core as fac

    curves: dict[str, Callable[..., Any]] = {
        "threshold": fac.threshold_curve,
        "growth": fac.growth_curve,
        "count": fac.count_curve,
    }
    if kind not in curves:
        raise WrongUse(f"There is no curve {kind!r}; choose {', '.join(curves)}.")
    points = curves[kind](run, anchor, definition, relevant, workspace=workspace)
    if json:
        write_json(points)
    else:
        out.print(tables.curve(points))


def top(
    feature: Annotated[int, typer.Argument(help="Feature id.")],
    run: Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")] = None,
    n: Annotated[int, typer.Option("-n", help="Samples to show.")] = 10,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """The samples that fire a feature most, their tokens highlighted."""
    import fac_core as fac

    found = fac.top(feature, run, workspace=workspace, n=n)
    if json:
        write_json({"feature_id": feature, "examples": found})
    else:
        tables.print_examples(out, feature, found)


def _preset(
    chosen: Definition, run: str | None, anchor: str | None, relevant: Relevant, workspace: Path | None
) -> dict[str, Any]:
    """FAC under a preset; where that leaves nothing in a small anchor, why."""
    import fac_core as fac

    try:
        return _without_lists(fac.coverage(run, anchor, chosen, relevant, workspace=workspace))
    except EmptyAnchor as error:
        return {"fac": None, "why": str(error)}


def _without_lists(result: Any) -> dict[str, Any]:
    """A result without its feature ids: `fac gaps` lists those."""
    return {f.name: v for f in dataclasses.fields(result) if not isinstance(v := getattr(result, f.name), tuple)}
