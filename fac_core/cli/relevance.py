"""Whether features matter for a task: `fac relevance` asks the statistic, `fac judge` takes a person's word. No model runs."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, cast

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, write_json
from fac_core.features.relevance.verdicts import Level

_OfRun = Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(relevance)
    app.command()(judge)


def relevance(
    task: Annotated[str, typer.Argument(help="A built-in rubric (toxicity, …) or a .toml file.")],
    run: _OfRun = None,
    field: Annotated[str, typer.Option(help="Metadata field that says which samples are positive.")] = "label",
    value: Annotated[str, typer.Option(help="Its value in the positive samples.")] = "1",
    n: Annotated[int, typer.Option("-n", help="Features to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Judge which features matter for a task: their association with a label of the samples, text length held fixed."""
    import fac_core as fac

    found = fac.judge_by_statistic(task, field, value, run, workspace=workspace)
    if json:
        write_json(found)
        return
    held = fac.labels(run, workspace=workspace)
    table = Table("feature", "label", "level", "odds ratio", "95 %", "with", "without", box=None)
    for row in found.sort_by([("low", "descending")]).slice(0, n).to_pylist():
        named = held.get(row["feature_id"])
        table.add_row(
            str(row["feature_id"]),
            Text(named.text if named else ""),
            row["level"],
            f"{row['odds_ratio']:.1f}",
            f"{row['low']:.1f} to {row['high']:.1f}",
            f"{row['n_positive']:,}",
            f"{row['n_negative']:,}",
        )
    out.print(table)
    counted = Counter(found["level"].to_pylist())
    out.print(", ".join(f"{level} {counted[level]:,}" for level in ("yes", "probably", "maybe", "no")))


def judge(
    task: Annotated[str, typer.Argument(help="A built-in rubric (toxicity, …) or a .toml file.")],
    feature: Annotated[int, typer.Argument(help="Feature id.")],
    level: Annotated[str, typer.Argument(help="yes, probably, maybe or no.")],
    author: Annotated[str, typer.Option(help="Who judges.")] = "anonymous",
    reason: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    run: _OfRun = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Say whether a feature matters for a task; this holds over what machines say."""
    import fac_core as fac

    chosen = cast(Level, level)  # the verb refuses what is no level
    held = fac.set_relevance(task, feature, chosen, author=author, reason=reason, run=run, workspace=workspace)
    if json:
        write_json(held)
    else:
        out.print(Text(f"Feature {held.feature_id}, {task}: {held.level}, says {held.author}."))
