"""What becomes of candidates: `fac review` decides, `fac export` writes a dataset, `fac trace` tells where a row is from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, write_json
from fac_core.coverage.definition import PAPER, Definition
from fac_core.curation.review import REASONS, Choice, State
from fac_core.curation.standing import Standing
from fac_core.errors import WrongUse
from fac_core.export.shapes import Shape
from fac_core.export.trace import Chain
from fac_core.export.write import Format

_ACTIONS: Mapping[str, Choice] = {
    "accept": "accepted",
    "reject": "rejected",
    "skip": "skipped",
    "second": "needs second review",
}
_BatchId = Annotated[str | None, typer.Option("--batch", help="Batch id; the newest by default.")]
_Author = Annotated[str, typer.Option(help="Who decides.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(review)
    app.command()(export)
    app.command()(trace)


@takes_definition
def review(
    action: Annotated[str, typer.Argument(help="list, accept, reject, skip, second, edit, undo or controls.")] = "list",
    ids: Annotated[list[str] | None, typer.Argument(help="Candidate ids.")] = None,
    batch: _BatchId = None,
    state: Annotated[str | None, typer.Option(help="With list: only these (pending, accepted, …).")] = None,
    reason: Annotated[str, typer.Option(help=f"With reject: {', '.join(REASONS)}.")] = "",
    note: Annotated[str, typer.Option(help="A few words beside the decision.")] = "",
    text: Annotated[str | None, typer.Option(help="With edit: the new text.")] = None,
    n: Annotated[int, typer.Option("-n", help="Candidates to show; with controls: real texts to mix in.")] = 20,
    author: _Author = "anonymous",
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """List candidates with what accepting each adds to coverage, or decide about them by id."""
    import fac_core as fac

    if action == "list":
        _list(fac.standing(batch, definition, workspace=workspace), cast("State | None", state), n, json)
        return
    if action in _ACTIONS:
        events = fac.review(ids or [], _ACTIONS[action], author=author, reason=reason, note=note, workspace=workspace)
    elif action == "edit":
        if len(ids or []) != 1 or text is None:
            raise WrongUse("Edit one candidate at a time: fac review edit ID --text TEXT.")
        events = [fac.edit_candidate((ids or [""])[0], text, author=author, workspace=workspace)]
    elif action == "undo":
        events = fac.undo_review(batch, author=author, workspace=workspace)
    elif action == "controls":
        mixed = fac.mix_in_controls(batch, n, author=author, workspace=workspace)
        write_json({"controls": mixed}) if json else out.print(f"{mixed:,} real texts are mixed in.")
        return
    else:
        known = ", ".join(["list", *_ACTIONS, "edit", "undo", "controls"])
        raise WrongUse(f"There is no action {action!r}; choose one of {known}.")
    if json:
        write_json(events)
    else:
        out.print(f"{len(events):,} {'decision' if len(events) == 1 else 'decisions'} recorded.")


def export(
    batches: Annotated[list[str], typer.Argument(help="Batch ids.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; an earlier export is replaced.")],
    shape: Annotated[str | None, typer.Option(help="plain, classification, chat, alpaca or preference.")] = None,
    file_format: Annotated[str, typer.Option("--format", help="jsonl, parquet or dataset (save_to_disk).")] = "jsonl",
    merged: Annotated[bool, typer.Option("--merged", help="The seed's samples too, before the accepted ones.")] = False,
    push: Annotated[str | None, typer.Option(help="Also upload to this Hub dataset; needs $HF_TOKEN.")] = None,
    author: _Author = "anonymous",
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Write the accepted candidates of some batches as a dataset with its card."""
    import fac_core as fac
    from fac_core.export.write import push as upload

    done = fac.export_dataset(
        batches,
        output,
        shape=cast("Shape | None", shape),
        file_format=cast(Format, file_format),
        merged=merged,
        author=author,
        workspace=workspace,
    )
    address = upload(done.folder, push) if push else None
    if json:
        write_json({**vars(done), "pushed_to": address})
        return
    out.print(
        f"{done.n_rows:,} rows ({done.shape}) in {done.data}: {done.n_accepted:,} accepted, {done.n_seed:,} of the seed;"
        f" {done.n_repeated:,} repeated texts left out."
    )
    if address:
        out.print(f"Pushed to {address}.")
    out.print(f"Measure it: fac encode {done.data}")


def trace(
    candidate: Annotated[str, typer.Argument(help="Candidate id; `fac_candidate` in an exported row.")],
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Print the whole chain of a candidate: gap, triage, prompt, versions, check, reviews, exported rows."""
    import fac_core as fac

    chain = fac.trace(candidate, workspace=workspace)
    if json:
        write_json(chain)
    else:
        _print_chain(chain)


def _list(found: Standing, state: State | None, n: int, json: bool) -> None:
    rows = [_row(found, one) for one in found.shown if state in (None, found.states[one])]
    coverage = {
        "now": found.seed.fac,
        "if_accepted": found.accepted.fac,
        "if_pending_pass": found.if_pending_pass.fac,
    }
    if json:
        write_json({"batch": found.batch.batch_id, "coverage": coverage, "candidates": rows})
        return
    table = Table(box=None)
    for column in ("candidate", "feature", "state", "check", "adds"):
        table.add_column(column, no_wrap=True)
    table.add_column("text")
    for row in rows[:n]:
        table.add_row(
            row["candidate_id"],
            str(row["feature_id"]),
            row["state"],
            row["verdict"],
            f"+{len(row['addition'].new)}",
            Text(" ".join(row["text"].split())[:60]),
        )
    out.print(table)
    out.print(
        f"Batch {found.batch.batch_id}: {len(rows):,} candidates. FAC {coverage['now']:.2%} now,"
        f" {coverage['if_accepted']:.2%} with what is accepted, {coverage['if_pending_pass']:.2%} if all that pass are."
    )


def _row(found: Standing, candidate_id: str) -> dict[str, Any]:
    one, effect = found.shown[candidate_id], found.effect(candidate_id)
    return {
        "candidate_id": candidate_id,
        "feature_id": one.feature_id,
        "state": found.states[candidate_id],
        "verdict": one.verdict,
        "activation": one.activation,
        "delta": one.delta,
        "addition": effect.addition,
        "effect": effect.in_words(),
        "text": one.text,
        "version": one.version,
    }


def _print_chain(chain: Chain) -> None:
    settings = ", ".join(f"{name} {value}" for name, value in chain.batch.settings.items())
    lines = [
        ("gap", f"feature {chain.feature_id} {chain.label or ''} (peaks on {chain.words})"),
        *(("triage", f"{e.payload.get('state', 'taken back')} by {e.author} {e.at}") for e in chain.triage),
        ("batch", f"{chain.batch.batch_id} by {chain.batch.author} {chain.batch.at} {settings}"),
    ]
    for one in chain.versions:
        peak = f' at "{one.text[one.peak[0] : one.peak[1]]}"' if one.peak else ""
        made = f"{one.method}, {one.prompt}, {one.generator}"
        lines += [
            (f"version {one.version}", f"{made}, by {one.author} {one.at}"),
            ("", " ".join(one.text.split())),
            ("check", f"{one.verdict}: {one.activation:.4g}{peak}, δ {one.delta:.4g}. {one.detail}"),
        ]
    for event in chain.reviews:
        said = event.payload
        why = f" ({said['reason']})" if said.get("reason") else ""
        note = f" “{said['note']}”" if said.get("note") else ""
        about = f", version {said['candidate_version']}" if said else ""
        lines.append(("review", f"{said.get('choice', 'taken back')}{why}{note} by {event.author} {event.at}{about}"))
    lines.append(("state", chain.state))
    lines += [("row", f"{row.row} of {row.file}, {row.at}") for row in chain.rows]
    table = Table(box=None, show_header=False)
    for name, said in lines:
        table.add_row(name, Text(said))
    out.print(table)
