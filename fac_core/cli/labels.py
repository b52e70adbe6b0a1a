"""What features are called: `fac label` names them, `fac labels` lists the names. No model runs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, write_json

_OfRun = Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(label)
    app.command()(labels)


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


def labels(
    run: _OfRun = None,
    feature: Annotated[int | None, typer.Option(help="The history of this feature's labels.")] = None,
    n: Annotated[int, typer.Option("-n", help="Labels to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """List the labels that hold, the most trusted first, or all that one feature ever had."""
    import fac_core as fac

    if feature is not None:
        found = list(fac.label_history(feature, run, workspace=workspace))
    else:
        found = list(fac.labels(run, workspace=workspace).values())
        found.sort(key=lambda one: (-(one.trust.f1 if one.trust else 1.0), one.feature_id))
    if json:
        write_json(found)
        return
    table = Table("feature", "label", "F1", "from", "by", "at", box=None)
    for one in found if feature is not None else found[:n]:
        score = f"{one.trust.f1:.2f}" if one.trust else ""
        table.add_row(str(one.feature_id), Text(one.text), score, one.method, Text(one.author), one.at)
    out.print(table)
