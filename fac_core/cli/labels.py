"""What features are called: `fac label` names them, by words or by asking a model; `fac labels` lists the names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.asking import Llm, chosen_features, consent, spent, takes_llm
from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.generators.seam import Usage

_OfRun = Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(label)
    app.command()(labels)


@takes_llm
def label(
    run: _OfRun = None,
    feature: Annotated[int | None, typer.Option(help="With --name: the feature to rename.")] = None,
    name: Annotated[str | None, typer.Option(help="Your own name for it, which holds over any machine's.")] = None,
    author: Annotated[str, typer.Option(help="Who names it.")] = "anonymous",
    n: Annotated[int, typer.Option("-n", help="Labels to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    asked: Llm | None = None,
) -> None:
    """Label features by the words that set them apart, or with --llm by asking a model, and score each label."""
    import fac_core as fac
    from fac_core.naming.trust import TRUSTED

    if asked is not None:
        _by_llm(asked, run, workspace, json)
        return
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


def _by_llm(asked: Llm, run: str | None, workspace: Path | None, json: bool) -> None:
    import fac_core as fac

    asking = fac.Asking(
        asked.server,
        chosen_features(asked, run, workspace),
        run=run,
        workspace=workspace,
        answer_tokens=asked.answer_tokens,
    )
    budget = consent(asked, len(asking.feature_ids), fac.estimate_labels(asking), json=json)
    with progress_bar("Labels") as tell:
        found = fac.label_by_llm(asking, budget, on_progress=tell)
    usage = sum((one.usage for one in found.values()), Usage())
    if json:
        write_json({"features": list(found.values()), "spent": usage})
        return
    table = Table("feature", "label", "outcome", "verified", "F1", "detail", box=None)
    for one in found.values():
        score = f"{one.trust.f1:.2f}" if one.trust else ""
        table.add_row(str(one.feature_id), Text(one.text), one.outcome, one.verified or "", score, Text(one.detail))
    out.print(table)
    out.print(f"{sum(one.outcome == 'labelled' for one in found.values()):,} labels recorded. {spent(usage)}")


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
