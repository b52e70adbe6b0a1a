"""The command that fills gaps: `fac synthesise`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

import fac_core as fac
from fac_core.cli.from_fields import listed, takes
from fac_core.cli.options import Json, WorkspaceFolder, takes_definition
from fac_core.cli.output import in_line, progress_bar, say, table
from fac_core.coverage.definition import Definition
from fac_core.errors import WrongUse
from fac_core.progress import counted
from fac_core.synthesis.spec import SynthesisSpec

if TYPE_CHECKING:
    from fac_core.synthesis.candidates import Candidate
    from fac_core.synthesis.yields import Yield
    from fac_core.workflows.themes import Filled

_FLAGS = {"steps": "--methods", "n": "-n", "m": "-m", "k": "-k"}


@takes_definition
@takes("spec", SynthesisSpec, _FLAGS, without=("targets", "definition"))
def synthesise(
    spec: SynthesisSpec,
    definition: Definition,
    targets: Annotated[str, typer.Option(help="approved gaps, all, or feature ids with commas.")] = "approved",
    key: Annotated[str | None, typer.Option(help="Environment variable with the server's key.")] = None,
    device: Annotated[
        str, typer.Option(help="Where the models run, as in `fac encode`; with auto, `local` writes on the processor.")
    ] = "auto",
    preview: Annotated[bool, typer.Option("--preview", help="Two samples for the first three targets.")] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only say what it would cost.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> int:
    """Write texts for approved gaps, and prove that they fire.

    Interrupted, the same command goes on.
    """
    from fac_core.synthesis.candidates import Candidates
    from fac_core.synthesis.yields import yields
    from fac_core.workflows.synthesise import prepared

    spec = replace(spec, definition=definition)
    spec = replace(spec, targets=_targets(targets, spec, workspace))
    if preview:
        first = prepared(spec, workspace).settings.targets[:3]
        spec = replace(spec, targets=first, steps=spec.steps[:1], n=2, m=2, k=2)
    if estimate:
        _print_estimate(spec, workspace, json)
        return 0
    with progress_bar("Synthesising") as tell:
        outcome = fac.synthesise(spec, workspace=workspace, key_variable=key, device=device, on_progress=tell)
    made = Candidates(fac.Workspace.at(workspace).events()).of(outcome.batch_id).values()
    share = _filled(spec, outcome.batch_id, workspace) if spec.theme else None
    failed = Counter(one.detail for one in made if one.verdict == "failed")
    spent = f"The budget is spent; not tried: {counted(len(outcome.untouched), 'target')}. Raise --budget to go on."
    say(
        json,
        {**vars(outcome), "yields": yields(made), **({"theme": share} if share else {})},
        *([_texts(made)] if preview else []),
        f"Batch {outcome.batch_id}: {outcome.closed:,} of {counted(outcome.targets, 'target')} closed;"
        f" {outcome.passed:,} of {counted(outcome.candidates, 'candidate')} pass; {counted(outcome.generated, 'token')} generated.",
        *([share.said()] if share else []),
        *([spent] if outcome.budget_spent else []),
        *(f"{n:,} failed: {why}" for why, n in failed.most_common(3)),
        yield_table(yields(made)),
        f"Look at them and decide: fac review --batch {outcome.batch_id}",
    )
    return 1 if made and failed.total() == len(made) else 0


def _filled(spec: SynthesisSpec, batch_id: str, workspace: WorkspaceFolder) -> Filled:
    from fac_core.workflows.themes import filled_by_batch, theme_named

    view = fac.View.find(spec.seed, spec.anchor, spec.definition, workspace=workspace)
    return filled_by_batch(view, theme_named(view, spec.theme), batch_id)


def yield_table(found: Iterable[Yield]) -> Table:
    """What each method brought for what it cost."""
    return table(
        ["method", "candidates", "tokens", "passed", "targets closed", "closed first"],
        ((one.method, one.candidates, one.generated, one.passed, one.closed, one.first_closed) for one in found),
    )


def _texts(candidates: Iterable[Candidate]) -> Table:
    return table(
        ["feature", "verdict", "activation", "δ", "text"],
        (
            (str(one.feature_id), one.verdict, f"{one.activation:.1f}", f"{one.delta:.1f}", in_line(one.text, 90))
            for one in candidates
        ),
    )


def _targets(named: str, spec: SynthesisSpec, workspace: WorkspaceFolder) -> tuple[int, ...] | None:
    if named == "approved":
        return None
    if named == "all":
        from fac_core.coverage.gaps import gaps

        view = fac.View.find(spec.seed, spec.anchor, spec.definition, workspace=workspace)
        # By evidence: an order that a label changed would make another batch of the same command.
        return tuple(gaps(view.q, view.p, spec.definition)["feature_id"].to_pylist())
    if not all(part.strip().isdecimal() for part in named.split(",")):
        raise WrongUse(f"--targets is {named!r}; give approved, all, or feature ids such as 12,345.")
    return listed(named, int, "--targets")


def _print_estimate(spec: SynthesisSpec, workspace: WorkspaceFolder, json: bool) -> None:
    found = fac.estimate(spec, workspace=workspace)
    asked = f"{counted(found.targets, 'target')}: {found.least_requests:,} to {counted(found.most_requests, 'sample')}"
    say(json, found, f"{asked}, at most {found.least_tokens:,} to {counted(found.most_tokens, 'token')}.")
