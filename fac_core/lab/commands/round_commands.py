"""Commands about going from gaps to texts again and again: `fac lab rounds`, `arms`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fac_core.cli.options import AnchorName, Json, WorkspaceFolder, takes_definition
from fac_core.cli.output import progress_bar, write_json
from fac_core.coverage.definition import Definition
from fac_core.lab.commands.values import print_table


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
    *,
    definition: Definition,
    json: Json = False,
) -> None:
    """Go round the loop: texts for the open gaps, encoded with the seed, new gaps, again. Interrupted, it goes on."""
    from fac_core.lab.writing.rounds import RoundsSpec, as_table
    from fac_core.lab.writing.rounds import rounds as go_round
    from fac_core.store.workspace import Workspace
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
        found = go_round(RoundsSpec(spec, n_rounds, accepted), folder, Workspace.at(workspace), on_progress=tell)
    if json:
        write_json(found)
        return
    print_table(*as_table(found))


def arms(
    folder: Annotated[Path, typer.Argument(help="Where results and answers are kept; the same folder goes on.")],
    seed: Annotated[str | None, typer.Option(help="Run whose gaps are filled; the newest by default.")] = None,
    anchor: AnchorName = None,
    targets: Annotated[int, typer.Option(help="Gaps to fill, drawn at random.")] = 100,
    tokens: Annotated[int, typer.Option(help="Generated for each target and way of writing.")] = 96,
    seeds: Annotated[int, typer.Option(help="Repetitions.")] = 3,
    max_tokens: Annotated[int, typer.Option(help="Of one candidate.")] = 28,
    arm: Annotated[list[str] | None, typer.Option(help="Only this way of writing (repeatable).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Compare ways of writing, guided and all together among them, at equal numbers of tokens. Interrupted, it goes on."""
    from fac_core.lab.writing.arms import as_table
    from fac_core.lab.writing.compare_arms import ARMS, ArmsSpec, compare_arms
    from fac_core.store.workspace import Workspace

    repetitions = tuple(range(seeds))
    spec = ArmsSpec(seed, anchor, targets, tokens, repetitions, max_tokens, arms=tuple(arm or ARMS))
    with progress_bar("Arms") as tell:
        summaries = compare_arms(spec, folder, Workspace.at(workspace), on_progress=tell)
    if json:
        write_json(summaries)
        return
    print_table(*as_table(summaries))
