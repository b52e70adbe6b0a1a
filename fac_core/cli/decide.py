"""What becomes of gaps, of candidates, and of what was found: `fac triage`, `review`, `export`, `trace`, `report`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.table import Table
from rich.text import Text

import fac_core as fac
from fac_core.cli.fill import yield_table
from fac_core.cli.options import ME, Author, Json, Over, WorkspaceFolder, takes_definition, takes_view
from fac_core.cli.output import in_line, say, table
from fac_core.coverage.definition import Definition
from fac_core.errors import WrongUse
from fac_core.progress import counted

if TYPE_CHECKING:
    from fac_core.curation.review import Choice, State
    from fac_core.curation.standing import Standing
    from fac_core.curation.triage import State as OfGap
    from fac_core.export.trace import Chain
    from fac_core.view import View

_CHOICES: Mapping[str, Choice] = {
    "accept": "accepted",
    "reject": "rejected",
    "skip": "skipped",
    "second": "needs second review",
}


@takes_view()
def triage(
    view: View,
    ids: Annotated[list[int] | None, typer.Argument(metavar="[FEATURES]", help="Feature ids; or --theme.")] = None,
    theme: Annotated[
        str | None, typer.Option(help="All features of this theme; the beginning of its name will do.")
    ] = None,
    state: Annotated[
        Literal["target", "later", "not relevant", "label wrong"] | None, typer.Option(help="What is decided.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why; not relevant and label wrong need one (a wrong one lists them).")
    ] = "",
    note: Annotated[str, typer.Option(help="A few words beside the decision.")] = "",
    undo: Annotated[
        bool, typer.Option("--undo", help="Take back this author's newest act, however many it was.")
    ] = False,
    over: Over = None,
    author: Author = ME,
    json: Json = False,
) -> None:
    """Decide about gaps, or about a whole theme at once."""
    from fac_core.evidence.examples import check_feature
    from fac_core.workflows.themes import open_features, theme_named, triage_of, triage_theme

    log = triage_of(view)
    if [undo, bool(ids), theme is not None].count(True) != 1 or undo == (state is not None):
        raise WrongUse("Name features or a --theme, with a --state; or say --undo.")
    decision = cast("OfGap", state)  # None only with --undo
    for feature in ids or ():
        check_feature(view.p, feature)
    if undo:
        events = log.undo(log.last(author), author=author)
    elif theme is not None:
        named = theme_named(view, theme)
        seen = log.seen_unless_others(open_features(named, log.decisions()), author, over)
        events = triage_theme(view, named, decision, author=author, reason=reason, note=note, seen=seen)
    else:
        seen = log.seen_unless_others(ids or (), author, over)
        events = log.decide_many(ids or (), decision, author=author, reason=reason, note=note, seen=seen)
    one = "; one `fac triage --undo` takes it back." if events and not undo else "."
    say(json, events, f"{len(events):,} {'decision' if len(events) == 1 else 'decisions'} recorded{one}")


@takes_definition
def review(
    definition: Definition,
    action: Annotated[
        str, typer.Argument(help="list, made, accept, reject, skip, second, edit, undo or controls.")
    ] = "list",
    ids: Annotated[list[str] | None, typer.Argument(help="Candidate ids.")] = None,
    batch: Annotated[str | None, typer.Option("--batch", help="Batch id; the newest by default.")] = None,
    state: Annotated[str | None, typer.Option(help="With list: only these (pending, accepted, …).")] = None,
    reason: Annotated[str, typer.Option(help="With reject: off target, not fluent, … (a wrong one lists them).")] = "",
    note: Annotated[str, typer.Option(help="A few words beside the decision.")] = "",
    text: Annotated[str | None, typer.Option(help="With edit: the new text.")] = None,
    n: Annotated[int, typer.Option("-n", help="Candidates to show; with controls: real texts to mix in.")] = 20,
    over: Over = None,
    author: Author = ME,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """List candidates with what each would add, or decide about them by id."""
    from fac_core.workflows import decide

    if action == "list":
        _list(_standing(batch, definition, workspace), cast("State | None", state), n, json)
        return
    if action == "made":
        _made(fac.Workspace.at(workspace), batch, n, json)
        return
    if action == "controls":
        mixed = decide.mix_in_controls(batch, n, author=author, workspace=workspace)
        say(json, {"controls": mixed}, f"{counted(mixed, 'real text')} are mixed in.")
        return
    if action in _CHOICES:
        said = {"author": author, "reason": reason, "note": note, "over": over}
        events = fac.review(ids or [], _CHOICES[action], **said, workspace=workspace)
    elif action == "edit":
        if ids is None or len(ids) != 1 or text is None:
            raise WrongUse("Edit one candidate at a time: fac review edit ID --text TEXT.")
        events = [decide.edit_candidate(ids[0], text, author=author, workspace=workspace)]
    elif action == "undo":
        events = decide.undo_review(batch, author=author, workspace=workspace)
    else:
        known = ", ".join(["list", "made", *_CHOICES, "edit", "undo", "controls"])
        raise WrongUse(f"There is no action {action!r}; choose one of {known}. A batch is named with --batch.")
    say(json, events, f"{len(events):,} {'decision' if len(events) == 1 else 'decisions'} recorded.")


def export(
    batches: Annotated[list[str], typer.Argument(help="Batch ids.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write; an earlier export is replaced.")],
    shape: Annotated[
        Literal["plain", "classification", "chat", "alpaca", "preference"] | None,
        typer.Option(help="Of a row; what fits the batches by default."),
    ] = None,
    file_format: Annotated[
        Literal["jsonl", "parquet", "dataset"], typer.Option("--format", help="dataset: for `load_from_disk`.")
    ] = "jsonl",
    merged: Annotated[bool, typer.Option("--merged", help="The seed's samples too, before the accepted ones.")] = False,
    push: Annotated[
        str | None, typer.Option(help="Also upload to this Hub dataset, with $HF_TOKEN or that of `hf auth login`.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="With --push: everybody can read it.")] = False,
    author: Author = ME,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Write the accepted candidates of some batches as a dataset with its card."""
    from fac_core.export.write import push as upload

    if push and file_format == "dataset":
        raise WrongUse("The Hub's `load_dataset` reads no folder of save_to_disk. To push, write jsonl or parquet.")
    if public and not push:
        raise WrongUse("--public says who may read what is pushed: name the Hub dataset with --push.")
    done = fac.export_dataset(
        batches, output, shape=shape, file_format=file_format, merged=merged, author=author, workspace=workspace
    )
    address = upload(done.folder, push, private=not public) if push else None
    say(
        json,
        {**vars(done), "pushed_to": address},
        f"{counted(done.n_rows, 'row')} ({done.shape}) in {done.data}: {done.n_accepted:,} accepted, {done.n_seed:,} of the seed;"
        f" {counted(done.n_repeated, 'repeated text')} left out.",
        *([f"It replaced an export of {counted(done.replaced, 'row')}."] if done.replaced is not None else []),
        *([f"Pushed to {address}."] if address else []),
        f"Measure it: fac encode {done.data}",
    )


def trace(
    candidate: Annotated[str, typer.Argument(help="Candidate id; `fac_candidate` in an exported row.")],
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Where an exported row comes from: gap, triage, prompt, versions, check, reviews."""
    chain = fac.trace(candidate, workspace=workspace)
    drawn = Table.grid(padding=(0, 2))
    for name, said in _links(chain):
        drawn.add_row(name, Text(said))
    say(json, chain, drawn)


@takes_view("argument", ranks=True)
def report(
    view: View,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")] = Path("report.html"),
    gaps: Annotated[int, typer.Option(help="Gaps to show with their evidence.")] = 20,
    json: Json = False,
) -> None:
    """Write a run up as one HTML file that opens without a server."""
    path = fac.write_report(view, output, n_gaps=gaps)
    size = path.stat().st_size
    say(json, {"report": path, "bytes": size}, f"{path} ({size / 1e3:,.0f} kB). Open it in a browser.")


def _standing(batch_id: str | None, definition: Definition, workspace: Path | None) -> Standing:
    from fac_core.synthesis.batches import find_batch
    from fac_core.workflows.decide import standing

    batch = find_batch(fac.Workspace.at(workspace), batch_id)
    view = fac.View.find(batch.seed_run_id, batch.anchor_run_id, definition, workspace=workspace)
    return standing(view, batch)


def _made(workspace: fac.Workspace, batch_id: str | None, n: int, json: bool) -> None:
    """Every candidate as it was made and measured; who decides sees less, so that controls stay unmarked."""
    from fac_core.synthesis.batches import find_batch
    from fac_core.synthesis.candidates import Candidates

    made = list(Candidates(workspace.events()).of(find_batch(workspace, batch_id).batch_id).values())
    columns = ["candidate", "feature", "verdict", "activation", "δ"]
    cells = (
        (c.candidate_id, str(c.feature_id), c.verdict, f"{c.activation:.3g}", f"{c.delta:.3g}", in_line(c.text, 60))
        for c in made[:n]
    )
    say(json, made, table([*columns, "text"], cells, whole=columns), f"{counted(len(made), 'candidate')}.")


def _list(found: Standing, state: State | None, n: int, json: bool) -> None:
    from fac_core.synthesis.yields import yields

    rows = [_row(found, one) for one in found.shown if state in (None, found.states[one])]
    coverage = {
        "now": found.seed.fac,
        "if_accepted": found.accepted.fac,
        "if_pending_pass": found.if_pending_pass.fac,
    }
    accepted = [one for one, is_now in found.states.items() if is_now == "accepted"]
    brought = yields(found.candidates.values(), accepted)
    columns = ["candidate", "feature", "state", "check", "activation", "adds"]
    cells = (
        (row["candidate_id"], str(row["feature_id"]), row["state"], row["verdict"], f"{row['activation']:.3g}",
         f"+{len(row['addition'].new)}", in_line(row["text"], 60))
        for row in rows[:n]
    )  # fmt: skip
    say(
        json,
        {"batch": found.batch.batch_id, "coverage": coverage, "candidates": rows, "yields": brought},
        table([*columns, "text"], cells, whole=columns),
        f"Batch {found.batch.batch_id}: {counted(len(rows), 'candidate')}. FAC {coverage['now']:.2%} now,"
        f" {coverage['if_accepted']:.2%} with what is accepted, {coverage['if_pending_pass']:.2%} if all that pass are.",
        yield_table(brought),
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


def _links(chain: Chain) -> Iterator[tuple[str, str]]:
    """The chain, link by link: its name and what is said of it."""
    settings = ", ".join(f"{name} {value}" for name, value in chain.batch.settings.items())
    yield "gap", f"feature {chain.feature_id} {chain.label or ''} (peaks on {chain.words})"
    for event in chain.triage:
        yield "triage", f"{event.payload.get('state', 'taken back')} by {event.author} {event.at}"
    yield "batch", f"{chain.batch.batch_id} by {chain.batch.author} {chain.batch.at} {settings}"
    for one in chain.versions:
        peak = f' at "{one.text[one.peak[0] : one.peak[1]]}"' if one.peak else ""
        yield f"version {one.version}", f"{one.method}, {one.prompt}, {one.generator}, by {one.author} {one.at}"
        yield "", " ".join(one.text.split())
        yield "check", f"{one.verdict}: {one.activation:.4g}{peak}, δ {one.delta:.4g}. {one.detail}"
    for event in chain.reviews:
        said = event.payload
        why = f" ({said['reason']})" if said.get("reason") else ""
        note = f" “{said['note']}”" if said.get("note") else ""
        about = f", version {said['candidate_version']}" if said else ""
        yield "review", f"{said.get('choice', 'taken back')}{why}{note} by {event.author} {event.at}{about}"
    yield "state", chain.state
    yield from (("row", f"{row.row} of {row.file}, {row.at}") for row in chain.rows)
