"""Whether features matter for a task: `fac relevance` asks the statistic or a model, `fac judge` takes a person's word."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.asking import Llm, chosen_features, consent, spent, takes_llm
from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.generators.seam import Usage
from fac_core.naming.level import Level

_OfRun = Annotated[str | None, typer.Option("--run", help="Run name or id; the anchor by default.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(relevance)
    app.command()(judge)


@takes_llm
def relevance(
    task: Annotated[str, typer.Argument(help="A built-in rubric (toxicity, …) or a .toml file.")],
    run: _OfRun = None,
    field: Annotated[str, typer.Option(help="Metadata field that says which samples are positive.")] = "label",
    value: Annotated[str, typer.Option(help="Its value in the positive samples.")] = "1",
    background: Annotated[
        str | None, typer.Option(help="Instead of a label: a run of other texts to set the anchor against.")
    ] = None,
    n: Annotated[int, typer.Option("-n", help="Features to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    asked: Llm | None = None,
) -> None:
    """Judge which features matter for a task: by their association with a label of the samples (text length held fixed),
    by what sets the anchor apart from a --background, or with --llm by asking a model."""
    import fac_core as fac

    if asked is not None:
        _by_llm(task, asked, run, workspace, json)
        return
    if background is None:
        found = fac.judge_by_statistic(task, field, value, run, workspace=workspace)
    else:
        found = fac.judge_against_background(task, background, run, workspace=workspace)
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


def _by_llm(task: str, asked: Llm, run: str | None, workspace: Path | None, json: bool) -> None:
    import fac_core as fac

    asking = fac.Asking(
        asked.server,
        chosen_features(asked, run, workspace),
        run=run,
        workspace=workspace,
        answer_tokens=asked.answer_tokens,
    )
    budget = consent(asked, len(asking.feature_ids), fac.estimate_relevance(task, asking), json=json)
    with progress_bar("Relevance") as tell:
        found = fac.judge_by_llm(task, asking, budget, on_progress=tell)
    usage = sum((one.usage for one in found.values()), Usage())
    if json:
        write_json({"features": list(found.values()), "spent": usage})
        return
    table = Table("feature", "level", "reason", box=None)
    for one in found.values():
        reason = one.verdict.reason if one.verdict else one.detail
        table.add_row(str(one.feature_id), one.verdict.level if one.verdict else "none", Text(reason))
    out.print(table)
    out.print(f"{sum(one.verdict is not None for one in found.values()):,} verdicts recorded. {spent(usage)}")


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
