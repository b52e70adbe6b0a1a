"""Commands that bring data into a feature space, and about the space itself: `fac encode`, `merge`, `runs`, `space …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

import fac_core as fac
from fac_core.activations.engines.spec import EngineSpec
from fac_core.activations.saes.bounds import N_TEXTS
from fac_core.activations.spec import EncodeSpec
from fac_core.cli.from_fields import takes
from fac_core.cli.options import Json, WorkspaceFolder, takes_view
from fac_core.cli.output import err, in_line, part_table, progress_bar, say, table
from fac_core.datasets.layouts import ColumnMapping
from fac_core.errors import WrongUse
from fac_core.fields import fields_of
from fac_core.progress import counted
from fac_core.training.config import TrainConfig

if TYPE_CHECKING:
    from fac_core.store.runs.run_file import RunFile
    from fac_core.view import View

space = typer.Typer(no_args_is_help=True, help="The feature space: its atlas, its match with another, a new SAE.")

_MADE = Path("workspace")
_SAE = fields_of(EncodeSpec)["sae"].help


@takes("engine", EngineSpec)
@takes("mapping", ColumnMapping)
@takes("spec", EncodeSpec, without={"sae"})
def encode(
    source: Annotated[str, typer.Argument(help="File, folder, hub id, save_to_disk folder or mixture (.toml).")],
    spec: EncodeSpec,
    mapping: ColumnMapping,
    engine: EngineSpec,
    sae: Annotated[
        list[str] | None, typer.Option(help=f"{_SAE} Several, each with its own --sae: a run each, one pass.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the run; the dataset's own by default.")] = None,
    anchor: Annotated[bool, typer.Option("--anchor", help="Remember this run as the workspace's anchor.")] = False,
    workspace: Annotated[Path, typer.Option("--workspace", "-w", help="Folder; made where there is none.")] = _MADE,
    json: Json = False,
) -> int:
    """Encode a dataset into a run: SAE activations of every sample.

    Interrupted, the same command goes on.
    """
    with progress_bar("Encoding") as tell:
        found = fac.encode_with_saes(
            source,
            spec,
            sae or [""],
            workspace=workspace,
            name=name,
            mapping=mapping,
            anchor=anchor,
            engine=engine,
            on_progress=tell,
        )
    info = found[0]
    lines = [
        *([f"--sae auto took {info.sae}, which reads {info.hook_name}."] if "auto" in (sae or []) else []),
        *(
            f"Run {one.name} ({one.run_id}): {counted(one.n_samples, 'sample')}, {counted(one.n_tokens, 'token')},"
            f" {counted(one.n_activations, 'activation')} of {counted(one.d_sae, 'feature')}."
            for one in found
        ),
    ]
    say(json, info if len(found) == 1 else found, *lines, f"Encoded in {info.dtype}: {info.dtype_reason}.")
    lost = f"Not encoded: {counted(info.n_failures, 'record')} (`fac runs --failures {info.run_id}` says why). "
    cut = f"Truncated: {info.n_truncated:,}."
    told = (lost if info.n_failures else "") + (cut if info.n_truncated else "")
    if told and not json:
        err.print(told.strip())
    return 0


def merge(
    references: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Run names or ids, in order.")],
    name: Annotated[str | None, typer.Option(help="Name of the merged run; needed for several.")] = None,
    keep_duplicates: Annotated[
        bool, typer.Option("--keep-duplicates", help="Keep samples that an earlier one of the runs has too.")
    ] = False,
    parquet: Annotated[
        bool,
        typer.Option(
            "--parquet", help="Move the run's activations to Parquet files, beside it or below $FAC_PARQUET (s3://…)."
        ),
    ] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Make one run of several of the same space and settings; encodes nothing.

    It is the run of their datasets, one after the other. With --parquet one run is enough: it stays what it is, and only where its
    activations lie changes.
    """
    if name is None and not (parquet and len(references) == 1):
        raise WrongUse("Say what the merged run is called: --name NAME.")
    if name is None:
        info, said = fac.Workspace.at(workspace).info(references[0]), ""
    else:
        info = fac.merge_runs(references, name, keep_duplicates=keep_duplicates, workspace=workspace)
        said = f" of {counted(len(references), 'run')}"
    lines = [
        f"Run {info.name} ({info.run_id}): {counted(info.n_samples, 'sample')}{said},"
        f" {counted(info.n_activations, 'activation')}; {counted(info.n_failures, 'failure')}."
    ]
    if parquet:
        from fac_core.workflows.encode import move_to_parquet

        with progress_bar("Moving activations") as tell:
            where = move_to_parquet(info.run_id, workspace=workspace, on_progress=tell)
        lines.append(f"Its activations are Parquet files in {where}.")
    say(json, info, *lines)


def runs(
    failures: Annotated[
        str | None, typer.Option(metavar="RUN", help="Instead, the records that are not in this run, and why.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Failures to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """List the runs of the workspace, the newest last."""
    if failures is not None:
        _failures(fac.Workspace.at(workspace).opened(failures), n, json=json)
        return
    found = fac.Workspace.at(workspace).runs()
    columns = ["run", "id", "samples", "tokens", "features", "model", "mode", "created"]
    rows = [
        (i.name, i.run_id, i.n_samples, i.n_tokens, i.d_sae, i.model, i.activation_mode, i.created_at[:16])
        for i in found
    ]
    say(json, found, table(columns, rows) if rows else "No run yet: `fac encode DATA` makes one.")


def _failures(run: RunFile, n: int, *, json: bool) -> None:
    by_reason = run.failures_by_reason()
    shown = run.failures(n)
    rows = ((r["origin"], r["reason"], r["detail"], in_line(r["text"], 60)) for r in shown.to_pylist())
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in by_reason.items())
    say(
        json,
        {"run": run.info.name, "by_reason": by_reason, "failures": shown},
        table(["record", "reason", "detail", "begins"], rows) if by_reason else f"All records are in {run.info.name}.",
        *([f"Not in {run.info.name}: {counted(sum(by_reason.values()), 'record')}: {reasons}."] if by_reason else []),
    )


@space.command()
@takes_view("argument")
def atlas(
    view: View,
    anew: Annotated[
        bool, typer.Option("--anew", help="Make it also where there is one; the anchor names its clusters.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the map, clusters and neighbours of the space (once, a minute); show coverage by cluster."""
    with progress_bar("Atlas") as tell:
        fac.make_atlas(view.anchor.run_id, workspace=view.workspace, anew=anew, on_progress=tell)
    parts = view.parts()
    say(json, parts, part_table("cluster (named by machine)", parts))


@space.command()
def match(
    run_a: Annotated[str, typer.Argument(help="Run name or id.")],
    run_b: Annotated[str, typer.Argument(help="Run of the same dataset in another feature space.")],
    workspace_b: Annotated[Path | None, typer.Option(help="Workspace of run B, if it is another.")] = None,
    least: Annotated[float, typer.Option(help="Correlation from which a mutually best pair is a match.")] = 0.5,
    n: Annotated[int, typer.Option("-n", help="Pairs to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Which features of one space are found in another, by when they fire on the same texts; chance beside it."""
    found = fac.match_spaces(run_a, run_b, workspace=workspace, workspace_b=workspace_b, least_correlation=least)
    rows = (
        (str(row["feature_a"]), str(row["feature_b"]), f"{row['correlation']:.2f}", f"{row['shared_top']:.0%}")
        for row in found.pairs.slice(0, n).to_pylist()
    )
    say(
        json,
        found,
        table(["feature A", "feature B", "correlation", "same strongest samples"], rows),
        f"{found.share:.1%} of {counted(found.n_tried, 'feature')} of {found.run_a} have a match in {found.run_b}; with the texts"
        f" paired at random {found.null_share:.1%} (sd {found.null_sd:.1%}). {found.n_left_out:,} fire too rarely to be tried.",
    )


@space.command("list")
def list_saes(
    model: Annotated[
        str, typer.Argument(help="Hub id of a model, with or without its owner, or a folder of that name.")
    ],
    n: Annotated[int, typer.Option("-n", help="SAEs to show.")] = 15,
    json: Json = False,
) -> None:
    """List the SAEs that others trained for a model's residual stream, the advised one first. Needs no network."""
    from fac_core.activations.saes.pretrained import RULE, pretrained_saes

    found = pretrained_saes(model)
    best = found[0]
    columns = ["release/sae_id", "hook", "blocks", "features", "L0"]
    rows = (
        (
            Text(one.name, overflow="fold"),
            one.hook.removeprefix("blocks."),
            f"{one.layer}/{one.n_layers}",
            one.width,
            one.l0 and f"{one.l0:g}",
        )
        for one in found[:n]
    )
    say(
        json,
        {"advised": best.name, "rule": RULE, "saes": found},
        table(columns, rows, whole=columns[1:]),
        f"{min(n, len(found)):,} of {len(found):,} in sae-lens's list, the nearest to the rule first.",
        f"Take {best.name} (or: fac encode DATA --model {model} --sae auto). {RULE}",
    )


@space.command()
def fit(
    model: Annotated[str, typer.Option(help="The model that is to be read: folder, GGUF file or hub id.")],
    sae: Annotated[str, typer.Option(help="As in `fac encode`; by default the one that ships for the model.")] = "",
    texts: Annotated[str | None, typer.Option(help="Any dataset; by default the workspace's anchor.")] = None,
    n: Annotated[int, typer.Option("-n", help="Texts to measure on.")] = N_TEXTS,
    hook: Annotated[str | None, typer.Option(help="Where the SAE reads, needed only if it does not say so.")] = None,
    device: Annotated[str, typer.Option(help="Where the model runs, as in `fac encode`.")] = "auto",
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Measure whether a SAE reads a model that it was not trained on, such as a fine-tuned one. The whole model runs."""
    from fac_core.workflows import encode as verbs

    with progress_bar("Fit") as tell:
        found = verbs.fit(model, sae, texts, workspace=workspace, n=n, hook=hook, device=device, on_progress=tell)
    stated = f" ({found.stated_l0:g} stated)" if found.stated_l0 else ""
    rows = (
        ("variance unexplained (FVU)", f"{found.fvu:.3f}"),
        ("loss recovered", f"{found.recovered:.3f}"),
        ("features active at a token (L0)", f"{found.l0:.1f}{stated}"),
        ("features that never fire", f"{found.dead:.1%}"),
    )
    why = "; ".join(found.reasons)
    said = {
        "fits": "It fits: use it as it is.",
        "warns": f"It reads this model with losses: {why}. What it shows is to be taken with care.",
        "refuses": f"It does not read this model: {why}. Train one: fac space train-sae DATA --model {model} --from {found.sae}",
    }[found.verdict]
    about = f"{found.sae}, trained on {found.trained_on or 'a model that it does not name'}, on {found.model}"
    size = f"{counted(found.n_texts, 'text')}, {counted(found.n_tokens, 'token')}"
    say(json, found, table([size, ""], rows), f"{about}.", said)


@space.command()
def ship(
    run: Annotated[str | None, typer.Argument(help="Run name or id, of varied texts; the anchor by default.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the SAE, if it is not where the run found it.")
    ] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Put names and atlas, made from a run, beside the SAE's weights: every new workspace then has them at once."""
    from fac_core.workflows.shipped import ship_space

    with progress_bar("Names and atlas") as tell:
        folder = ship_space(run, output, workspace=workspace, on_progress=tell)
    megabytes = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    say(json, {"folder": str(folder), "megabytes": megabytes}, f"{folder}: {megabytes:.1f} MB.")


@space.command()
@takes(
    "config",
    TrainConfig,
    {"n_blocks": "--block", "d_sae": "--latents", "total_tokens": "--tokens", "begin_from": "--from"},
)
def train_sae(
    sources: Annotated[list[str], typer.Argument(help="Datasets or mixtures to train on.")],
    config: TrainConfig,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the trained SAE.")],
    json: Json = False,
) -> None:
    """Train a Top-K SAE on a model's activations. Interrupted, the same command goes on."""
    with progress_bar("Training") as tell:
        folder = fac.train_sae(sources, output, config, on_progress=tell)
    said = f"Trained SAE in {folder}. Use it with: fac encode DATA --model {config.model} --sae {folder}"
    say(json, {"sae": str(folder)}, said)
