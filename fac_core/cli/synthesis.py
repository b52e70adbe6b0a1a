"""Commands that fill gaps: `fac synthesise`, `fac candidates`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import AnchorName, Json, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.coverage.definition import PAPER, Definition
from fac_core.errors import WrongUse

_SHOWN = 90
"""Characters of a text in a table."""


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(synthesise)
    app.command()(candidates)


@takes_definition
def synthesise(
    targets: Annotated[
        str, typer.Option(help="approved (triaged as targets), all gaps, or feature ids with commas.")
    ] = "approved",
    seed: Annotated[str | None, typer.Option(help="Run whose gaps are filled; the newest by default.")] = None,
    anchor: AnchorName = None,
    shape: Annotated[str, typer.Option(help="text, instruction, pair, behaviour or chat.")] = "text",
    prompt: Annotated[str, typer.Option(help="Prompt template, built in or in the workspace's prompts/.")] = "",
    task: Annotated[str, typer.Option(help="What the samples are for, in a few words.")] = "",
    label: Annotated[str, typer.Option(help="The class that every sample has to have.")] = "",
    methods: Annotated[
        str, typer.Option(help="Steps: guided, one step, two steps, retry, steered; tried in this order.")
    ] = "one step,two steps",
    generator: Annotated[str, typer.Option(help="local, steered, or the address of a server.")] = "local",
    model: Annotated[str, typer.Option(help="Of the generator; the feature space's own by default.")] = "",
    key: Annotated[str | None, typer.Option(help="Environment variable with the server's key.")] = None,
    n: Annotated[int, typer.Option("-n", help="Candidates of step 1 for a target.")] = 4,
    m: Annotated[int, typer.Option("-m", help="Candidates of every later step.")] = 4,
    k: Annotated[int, typer.Option("-k", help="Passing candidates with which a target is done.")] = 1,
    attempts: Annotated[int, typer.Option(help="How often guided, retry and steered are tried.")] = 1,
    max_tokens: Annotated[int, typer.Option(help="Of one candidate.")] = 64,
    temperature: Annotated[float, typer.Option(help="Of sampling.")] = 0.8,
    top_p: Annotated[float, typer.Option(help="Of sampling.")] = 0.9,
    budget: Annotated[int | None, typer.Option(help="Tokens that may be generated in all: a hard cap.")] = None,
    random_seed: Annotated[int, typer.Option(help="Of sampling.")] = 0,
    preview: Annotated[bool, typer.Option("--preview", help="Two samples for the first three targets.")] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it would cost.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Write texts for approved gaps and prove in the feature space that they fire. Interrupted, the same command goes on."""
    from fac_core.synthesis.spec import SynthesisSpec
    from fac_core.workflows import synthesise as verbs
    from fac_core.workflows.measuring import gaps

    if targets == "all":
        ids = tuple(gaps(seed, anchor, definition, workspace=workspace)["feature_id"].to_pylist())
    else:
        ids = None if targets == "approved" else _ids(targets)
    spec = SynthesisSpec(
        targets=ids,
        seed=seed,
        anchor=anchor,
        definition=definition,
        task=task,
        label=label,
        shape=shape,  # type: ignore[arg-type]  # checked by SynthesisSpec
        prompt=prompt,
        steps=tuple(step.strip() for step in methods.split(",")),  # type: ignore[arg-type]  # checked too
        n=n,
        m=m,
        k=k,
        attempts=attempts,
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        budget=budget,
        generator=generator,
        model=model,
        random_seed=random_seed,
    )
    if preview:
        first = verbs.prepared(spec, workspace=workspace).settings.targets[:3]
        spec = replace(spec, targets=first, steps=spec.steps[:1], n=2, m=2, k=2)
    if estimate:
        found = verbs.estimate(spec, workspace=workspace)
        if json:
            write_json(found)
        else:
            out.print(
                f"{found.targets:,} targets: {found.least_requests:,} to {found.most_requests:,} samples,"
                f" at most {found.least_tokens:,} to {found.most_tokens:,} tokens."
            )
        return
    with progress_bar("Synthesising") as tell:
        outcome = verbs.synthesise(spec, workspace=workspace, key_variable=key, on_progress=tell)
    if json:
        write_json({**vars(outcome), "yields": verbs.yields(outcome.batch_id, workspace=workspace)})
        return
    if preview:
        _show(outcome.batch_id, workspace, everything=True)
    out.print(
        f"Batch [bold]{outcome.batch_id}[/]: {outcome.closed:,} of {outcome.targets:,} targets closed;"
        f" {outcome.passed:,} of {outcome.candidates:,} candidates pass; {outcome.generated:,} tokens generated."
    )
    if outcome.budget_spent:
        out.print(f"The budget is spent: {len(outcome.untouched):,} targets were not tried. Raise --budget to go on.")
    _show_yields(outcome.batch_id, workspace)


def candidates(
    batch: Annotated[str, typer.Argument(help="Batch id, as `fac synthesise` says it.")],
    everything: Annotated[bool, typer.Option("--all", help="Those that did not pass too.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """What a synthesis made: text, activation, verdict."""
    from fac_core.workflows import synthesise as verbs

    if json:
        write_json(verbs.candidates(batch, workspace=workspace))
        return
    _show(batch, workspace, everything=everything)
    _show_yields(batch, workspace)


def _show(batch: str, workspace: WorkspaceFolder, *, everything: bool) -> None:
    from fac_core.workflows import synthesise as verbs

    table = Table("feature", "verdict", "activation", "δ", "text", box=None)
    for one in verbs.candidates(batch, workspace=workspace):
        if everything or one.verdict == "passes":
            text = Text(" ".join(one.text.split())[:_SHOWN])
            cells = (str(one.feature_id), one.verdict, f"{one.activation:.1f}", f"{one.delta:.1f}")
            table.add_row(*cells, text)
    out.print(table)


def _show_yields(batch: str, workspace: WorkspaceFolder) -> None:
    from fac_core.workflows import synthesise as verbs

    table = Table("method", "candidates", "tokens", "passed", "targets closed", "closed first", box=None)
    for one in verbs.yields(batch, workspace=workspace):
        counts = (one.candidates, one.generated, one.passed, one.closed, one.first_closed)
        table.add_row(one.method, *(f"{count:,}" for count in counts))
    out.print(table)


def _ids(listed: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in listed.split(","))
    except ValueError as error:
        raise WrongUse(f"--targets is {listed!r}; give approved, all, or feature ids such as 12,345.") from error
