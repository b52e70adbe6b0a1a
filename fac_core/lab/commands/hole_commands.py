"""Planted holes: `fac lab holes`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.errors import WrongUse
from fac_core.lab.commands.values import print_table
from fac_core.whole import write_whole

if TYPE_CHECKING:
    from fac_core.lab.holes.results import Line


def holes(
    config: Annotated[Path, typer.Argument(help="Collections and what can be missing (.toml): data/holes.toml.")],
    use: Annotated[
        str, typer.Option(help="choose: collections to choose methods with; final: looked at once.")
    ] = "choose",
    only: Annotated[list[str] | None, typer.Option(help="Only these collections.")] = None,
    methods: Annotated[str, typer.Option(help="Only these methods, with commas.")] = "",
    cuts: Annotated[str, typer.Option(help="Ways to cut in halves: a number, or the first and the last, as 4-7.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Compute also what is there: a method has changed.")] = False,
    power: Annotated[bool, typer.Option(help="Also holes and data of given sizes, by our method.")] = True,
    jobs: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 1,
    show: Annotated[bool, typer.Option("--show", help="Only show what is there already, of all collections.")] = False,
    document: Annotated[
        Path | None, typer.Option("--out", help="Also write all that is there as a document (.md) with a picture.")
    ] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Planted holes: a group of texts is taken out of the data; which method finds it, and what is found where nothing is?"""
    from fac_core.lab.holes.config import read_holes
    from fac_core.lab.holes.document import holes_document, holes_figure
    from fac_core.lab.holes.results import read_results, results_file
    from fac_core.lab.holes.run import holes as plant
    from fac_core.store.workspace import Workspace

    if use not in ("choose", "final"):
        raise WrongUse(f"--use is {use!r}; it can be choose or final.")
    settings = read_holes(config)
    opened = Workspace.at(workspace)
    path = results_file(opened, settings.name)
    if show:
        lines = read_results(path)
    else:
        with progress_bar("Planted holes") as tell:
            lines = plant(
                config,
                opened,
                use=use,
                only=only or (),
                methods=[name.strip() for name in methods.split(",") if name.strip()],
                cuts=_cuts(cuts),
                again=again,
                power=power,
                jobs=jobs,
                on_progress=tell,
            )
    if document:
        everything = read_results(path)
        figure = document.with_suffix(".svg")
        text = holes_document(everything, figure=figure.name, resamples=settings.resamples)
        write_whole(document, text)
        write_whole(figure, holes_figure(everything, resamples=settings.resamples))
    if json:
        write_json(lines)
        return
    _print(lines, settings.resamples)


def _cuts(given: str) -> list[int] | None:
    """Seeds of the halves.

    >>> _cuts("2"), _cuts("4-6"), _cuts("")
    ([0, 1], [4, 5, 6], None)
    """
    if not given:
        return None
    first, dash, last = given.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        raise WrongUse(f"{given!r} names no cuts; write a number such as 4, or the first and the last, such as 4-7.")
    return list(range(int(first), int(last) + 1)) if dash else list(range(int(first)))


def _print(lines: list[Line], resamples: int) -> None:
    """Whole holes as large as they are, and how often something is reported where nothing is missing."""
    from fac_core.lab.holes.cases import TRAPS
    from fac_core.lab.holes.figures import mean_with_interval

    figures = ("auroc", "head", "first", "among_three", "reported_right", "n_false")
    rows: list[tuple[str, ...]] = []
    for collection, left, method in sorted(
        {(r["collection"], r["left"], r["method"]) for r in lines if r["kind"] == "hole"}
    ):
        mine = [
            r
            for r in lines
            if (r["collection"], r["left"], r["method"], r["kind"], r["wanted"])
            == (collection, left, method, "hole", "as it is")
        ]
        cells = []
        for figure in figures:
            found = mean_with_interval(mine, figure, resamples=resamples)
            cells.append("" if found is None else f"{found[0]:.3f} ({found[1]:.2f} to {found[2]:.2f})")
        rows.append((collection, f"{left:.0%}", method, *cells))
    print_table(("collection", "left", "method", *(name.replace("_", " ") for name in figures)), rows)
    for kind in TRAPS:
        for method in dict.fromkeys(r["method"] for r in lines):
            mine = [r for r in lines if r["kind"] == kind and r["method"] == method]
            if mine and any(r["significant"] is not None for r in mine):
                said = sum(r["n_reported"] > 0 for r in mine)
                tests = sum(r["significant"] or 0.0 for r in mine) / len(mine)
                out.print(f"{kind}, {method}: a theme in {said} of {len(mine)} cases, {tests:.2%} of tests significant")
