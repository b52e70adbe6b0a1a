"""Commands about features: `fac label`, `relevance`, `why`. They read run files and load no model."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, get_args

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import AnchorName, Json, RunName, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, write_json
from fac_core.coverage.definition import PAPER, Definition

_OfRun = Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (label, relevance, why):
        app.command()(command)


def label(
    run: _OfRun = None,
    feature: Annotated[int | None, typer.Option(help="With --name: the feature to rename.")] = None,
    name: Annotated[str | None, typer.Option(help="Your own name for it, which holds over any machine's.")] = None,
    author: Annotated[str, typer.Option(help="Who names it.")] = "anonymous",
    n: Annotated[int, typer.Option("-n", help="Labels to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Label all features of the anchor by the words that set them apart, and score how far each label can be trusted."""
    import fac_core as fac
    from fac_core.features.trust import TRUSTED

    if feature is not None and name is not None:
        fac.rename(feature, name, author=author, run=run, workspace=workspace)
    else:
        fac.label_features(run, workspace=workspace)
    held = fac.labels(run, workspace=workspace)
    scored = [one for one in held.values() if one.trust is not None]
    trusted = sum(one.trust.f1 >= TRUSTED for one in scored if one.trust)
    if json:
        write_json({"labels": list(held.values()), "trusted": trusted, "scored": len(scored)})
        return
    table = Table("feature", "label", "F1", "from", box=None)
    best = sorted(held.values(), key=lambda one: -(one.trust.f1 if one.trust else 1.0))
    for one in best[:n]:
        table.add_row(str(one.feature_id), Text(one.text), f"{one.trust.f1:.2f}" if one.trust else "", one.method)
    out.print(table)
    out.print(
        f"{len(held):,} features have a label; {trusted:,} labels predict unseen samples with F1 of {TRUSTED} or more."
    )


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


@takes_definition
def why(
    run: RunName = None,
    anchor: AnchorName = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Why the gaps are uncovered, and what would mend each kind."""
    import fac_core as fac
    from fac_core.features.causes import REMEDIES, Cause, cause_counts

    found = fac.why(run, anchor, definition, workspace=workspace)
    if json:
        write_json(found)
        return
    table = Table("gaps", "why", "what would mend it", box=None)
    counted = cause_counts(found)
    for cause in get_args(Cause):
        table.add_row(f"{counted[cause]:,}", cause, REMEDIES[cause])
    out.print(table)
