"""`fac rounds`: write for the gaps, encode, find the new gaps, and again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fac_core.cli.options import AnchorName, Json, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.coverage.definition import PAPER, Definition


def register(app: typer.Typer) -> None:
    """Add the command of this file."""
    app.command()(rounds)


@takes_definition
def rounds(
    folder: Annotated[Path, typer.Argument(help="Where texts, table and figure are written.")],
    seed: Annotated[str | None, typer.Option(help="Run to begin with; the newest by default.")] = None,
    anchor: AnchorName = None,
    n_rounds: Annotated[int, typer.Option("--rounds", help="Rounds.")] = 3,
    budget: Annotated[int, typer.Option(help="Tokens that may be generated in each round.")] = 10_000,
    methods: Annotated[str, typer.Option(help="Steps, as for `fac synthesise`.")] = "guided,one step,steered",
    generator: Annotated[str, typer.Option(help="local, steered, or the address of a server.")] = "steered",
    task: Annotated[str, typer.Option(help="What the samples are for, in a few words.")] = "",
    label: Annotated[str, typer.Option(help="The class that every sample has to have.")] = "",
    k: Annotated[int, typer.Option("-k", help="Passing candidates with which a gap is done.")] = 1,
    attempts: Annotated[int, typer.Option(help="Texts tried for a gap, one at a time, of each step.")] = 8,
    max_tokens: Annotated[int, typer.Option(help="Of one candidate.")] = 40,
    random_seed: Annotated[int, typer.Option(help="Of sampling.")] = 0,
    accepted: Annotated[bool, typer.Option("--accepted", help="Take only what people accepted in each round.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Go round the loop: texts for the open gaps, encoded with the seed, new gaps, again. Interrupted, it goes on."""
    from fac_core.lab.writing.rounds_verb import RoundsSpec
    from fac_core.lab.writing.rounds_verb import rounds as go_round
    from fac_core.synthesis.spec import SynthesisSpec

    spec = SynthesisSpec(
        seed=seed,
        anchor=anchor,
        definition=definition,
        task=task,
        label=label,
        steps=tuple(step.strip() for step in methods.split(",")),  # type: ignore[arg-type]  # checked by SynthesisSpec
        n=1,
        m=1,
        k=k,
        attempts=attempts,
        max_tokens=max_tokens,
        budget=budget,
        generator=generator,
        random_seed=random_seed,
        at_once=64,
    )
    with progress_bar("Rounds") as tell:
        found = go_round(RoundsSpec(spec, n_rounds, accepted), folder, workspace=workspace, on_progress=tell)
    if json:
        write_json(found)
        return
    presets = list(found[0].fac) if found else []
    table = Table("round", "tokens", "samples", "gaps closed", *presets, "new extra features", box=None)
    for one in found:
        moved = [f"{before:.2%} → {after:.2%}" for before, after in one.fac.values()]
        closed = f"{one.n_closed:,} of {one.n_gaps:,}"
        table.add_row(str(one.number), f"{one.n_tokens:,}", f"{one.n_samples:,}", closed, *moved, f"{one.n_extra:,}")
    out.print(table)
