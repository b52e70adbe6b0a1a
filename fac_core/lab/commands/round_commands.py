"""Commands about going from gaps to texts again and again: `fac lab rounds`, `arms`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.errors import WrongUse
from fac_core.lab.commands.values import AnchorName


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
    preset: Annotated[
        str, typer.Option(help="paper (δ=0, one sample) or calibrated: what counts as covered.")
    ] = "paper",
    delta: Annotated[float | None, typer.Option(help="Instead: a feature is active above δ.")] = None,
    quantile: Annotated[
        float | None, typer.Option(help="δ of each feature: this quantile of its non-zero anchor activations.")
    ] = None,
    min_count: Annotated[int | None, typer.Option(help="A feature counts from this many samples.")] = None,
    exclude_dense_above: Annotated[
        float | None, typer.Option("--dense-above", help="Exclude features active in a larger share of the anchor.")
    ] = None,
    exclude_sinks: Annotated[
        bool | None, typer.Option("--no-sinks", help="Exclude features that only mark the first token.", is_flag=True)
    ] = None,
    json: Json = False,
) -> None:
    """Go round the loop: texts for the open gaps, encoded with the seed, new gaps, again. Interrupted, it goes on."""
    from fac_core.coverage.definition import PRESETS
    from fac_core.lab.writing.rounds import RoundsSpec, as_table
    from fac_core.lab.writing.rounds import rounds as go_round
    from fac_core.store.workspace import Workspace
    from fac_core.synthesis.spec import SynthesisSpec

    if preset not in PRESETS:
        raise WrongUse(f"There is no preset {preset!r}; choose {' or '.join(PRESETS)}.")
    asked = {"delta": delta, "quantile": quantile, "min_count": min_count, "exclude_dense_above": exclude_dense_above}
    asked["exclude_sinks"] = exclude_sinks
    given = {name: value for name, value in asked.items() if value is not None}
    spec = SynthesisSpec(
        seed=seed,
        anchor=anchor,
        definition=replace(PRESETS[preset], **given),
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
    _print(*as_table(found))


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
    _print(*as_table(summaries))


def _print(head: list[str], rows: list[list[str]]) -> None:
    table = Table(*head, box=None)
    for row in rows:
        table.add_row(*map(Text, row))
    out.print(table)
