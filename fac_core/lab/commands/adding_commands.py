"""Commands about what real texts to add to a seed: `fac lab baselines`, `pick`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Annotated, Literal

import typer

from fac_core.cli.options import AnchorName, Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json, write_rows
from fac_core.coverage.definition import Preset
from fac_core.errors import WrongUse
from fac_core.lab.commands.values import interval, method_and_file, model_and_block, print_table, two


def baselines(
    config: Annotated[Path, typer.Argument(help="Settings of a study (.toml): its pool and split are used.")],
    budget: Annotated[Literal["samples", "tokens"], typer.Option(help="What is equal for all methods.")] = "samples",
    preset: Annotated[Preset, typer.Option(help="How coverage is counted.")] = "calibrated",
    seed: Annotated[str, typer.Option(help="Positive and negative texts of a seed set.")] = "15,60",
    add: Annotated[str, typer.Option(help="Positive and negative texts that are added to it.")] = "25,100",
    draws: Annotated[int, typer.Option(help="Seed sets; every method adds to each.")] = 20,
    dose: Annotated[float, typer.Option(help="Share of the budget that is used.")] = 1.0,
    backbone: Annotated[str | None, typer.Option(help="Another model that learns, as MODEL:BLOCK (transfer).")] = None,
    texts: Annotated[list[str] | None, typer.Option(help="Texts from elsewhere, as METHOD=FILE.jsonl.")] = None,
    sets: Annotated[
        Path | None, typer.Option(help="Folder of `fac lab write-sets`: its sizes, seeds and texts.")
    ] = None,
    hole: Annotated[bool, typer.Option("--hole", help="Seeds that lack a topic; measured on it as well.")] = False,
    real: Annotated[list[str] | None, typer.Option(help="Only this method of picking real texts (repeatable).")] = None,
    against: Annotated[str, typer.Option(help="Method that the others are compared with.")] = "random real",
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """What to add to a seed at an equal budget: texts chosen by coverage against random, spread and synthetic ones."""
    from fac_core.lab.sets import baselines as ways
    from fac_core.lab.study.study_files import read_config
    from fac_core.store.workspace import Workspace

    with progress_bar("Baselines") as tell:
        found = ways.baselines(
            read_config(config),
            Workspace.at(workspace),
            budget=budget,
            preset=preset,
            n_seed=two(seed),
            n_added=two(add),
            draws=draws,
            dose=dose,
            backbone=model_and_block(backbone) if backbone else None,
            others=dict(method_and_file(given) for given in texts or ()),
            sets=sets,
            real=real or tuple(ways.METHODS),
            hole=hole,
            on_progress=tell,
        )
    other = next((one for one in found if one.method == against), None)
    if other is None:
        raise WrongUse(f"There is no method {against!r}; there are {', '.join(one.method for one in found)}.")
    if json:
        compared = ((one, one.minus(other), one.minus_in_hole(other)) for one in found)
        write_json([{**vars(one), "mean": one.mean, "minus": a, "minus_in_hole": b} for one, a, b in compared])
        return
    holes = ["in the hole", f"minus {against}"] if other.in_hole else []
    rows: list[tuple[str, ...]] = []
    for one in found:
        sizes = (f"{one.n_samples:,.0f}", f"{one.n_tokens:,.0f}", "" if one.closed is None else f"{one.closed:.0%}")
        inside = one.minus_in_hole(other)
        there = (f"{fmean(one.in_hole):.3f}", interval(inside, 3)) if inside else ()
        rows.append((one.method, f"{one.mean:.3f}", interval(one.minus(other), 3), *there, *sizes))
    print_table(("added", "AUPRC", f"minus {against}", *holes, "samples", "tokens", "gaps closed"), rows)


def pick(
    source: Annotated[str, typer.Argument(help="Run to choose samples of.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Samples to choose.")] = 100,
    seed: Annotated[str | None, typer.Option(help="Run that they are added to; without one they stand alone.")] = None,
    anchor: AnchorName = None,
    by: Annotated[str | None, typer.Option(help="Metadata field, such as label: each class for itself.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the samples (.jsonl).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Samples with which a dataset becomes like the anchor: mean activations of features, neither too little nor too much."""
    from fac_core.lab.sets.likeness import likest, sample_rows
    from fac_core.store.workspace import Workspace

    runs = Workspace.at(workspace)
    run = runs.opened(source)
    found = likest(run, runs.opened(anchor), n, seed=runs.opened(seed) if seed else None, by=by)
    if output:
        write_rows(output, sample_rows(run, found.sample_ids))
    if json:
        write_json(found)
        return
    kinds = Counter(one for one in found.classes if one is not None)
    classes = f" ({', '.join(f'{n:,} {by} {name}' for name, n in sorted(kinds.items()))})" if kinds else ""
    gain = f"With them {found.seed} is" if found.seed else "They are"
    out.print(
        f"{len(found.sample_ids):,} samples of {found.source}{classes}, {found.n_tokens:,} tokens. "
        f"{gain} {found.moved} than {'before' if found.seed else 'nothing'}, in mean activations.",
        markup=False,
    )
