"""Commands that run a model: `fac encode`, `fac train-sae`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import err, out, progress_bar, write_json


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(encode)
    app.command("train-sae")(train_sae)


def encode(
    source: Annotated[str, typer.Argument(help="File, folder, hub id, save_to_disk folder or mixture (.toml).")],
    name: Annotated[str | None, typer.Option(help="Name of the run; the dataset's own by default.")] = None,
    workspace: WorkspaceFolder = None,
    model: Annotated[str, typer.Option(help="smollm2-135m, gemma3-270m, a local folder or a hub id.")] = "smollm2-135m",
    sae: Annotated[str, typer.Option(help="A sae-lens folder, release/sae_id or a paper checkpoint (.pth).")] = "",
    mode: Annotated[str, typer.Option(help="native, topk or dense.")] = "native",
    k: Annotated[int | None, typer.Option(help="k of mode topk, if the SAE has none.")] = None,
    hook: Annotated[str | None, typer.Option(help="Where the SAE reads, if it does not say.")] = None,
    context: Annotated[int, typer.Option(help="Window in tokens; the rest is cut off and counted.")] = 512,
    roles: Annotated[str, typer.Option(help="Whose messages of a chat are content.")] = "user,assistant",
    dtype: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    device: Annotated[str, typer.Option(help="cpu, cuda, mps.")] = "cpu",
    text: Annotated[str | None, typer.Option(help='Column or template: "{question} {answer}".')] = None,
    messages: Annotated[str | None, typer.Option(help="Column that holds a chat.")] = None,
    id_column: Annotated[str | None, typer.Option("--id", help="Column kept as the sample's id.")] = None,
    label: Annotated[str | None, typer.Option(help="Column kept as the sample's label.")] = None,
    keep_duplicates: Annotated[bool, typer.Option(help="Encode repeated samples too.")] = False,
    limit: Annotated[int | None, typer.Option(help="First n samples only.")] = None,
    anchor: Annotated[bool, typer.Option("--anchor", help="Remember this run as the workspace's anchor.")] = False,
    json: Json = False,
) -> None:
    """Encode a dataset: SAE activations of every sample, in one run file. Interrupted, the same command goes on."""
    import fac_core as fac

    spec = fac.EncodeSpec(
        model=model,
        sae=sae,
        mode=mode,  # type: ignore[arg-type]  # checked by EncodeSpec
        k=k,
        hook=hook,
        context=context,
        roles=tuple(role.strip() for role in roles.split(",")),
        dtype=dtype,  # type: ignore[arg-type]  # checked by EncodeSpec
        device=device,
    )
    mapping = fac.ColumnMapping(
        text=text, messages=messages, id=id_column, label=label, keep_duplicates=keep_duplicates, limit=limit
    )
    with progress_bar("Encoding") as tell:
        info = fac.encode(
            source,
            spec,
            name=name,
            mapping=mapping,
            workspace=workspace or Path("workspace"),
            anchor=anchor,
            on_progress=tell,
        )
    if json:
        write_json(info)
        return
    out.print(
        f"Run [bold]{info.name}[/] ({info.run_id}): {info.n_samples:,} samples, {info.n_tokens:,} tokens,"
        f" {info.n_activations:,} activations of {info.d_sae:,} features."
    )
    out.print(f"Encoded in {info.dtype}: {info.dtype_reason}.")
    if info.n_failures or info.n_truncated:
        err.print(
            f"{info.n_failures:,} records were not encoded (table `failures` says why), {info.n_truncated:,} were truncated."
        )


def train_sae(
    sources: Annotated[list[str], typer.Argument(help="Datasets or mixtures to train on.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the trained SAE.")],
    model: Annotated[str, typer.Option(help="smollm2-135m, gemma3-270m, a local folder or a hub id.")] = "smollm2-135m",
    block: Annotated[int, typer.Option(help="The SAE reads the residual stream after this many blocks.")] = 12,
    latents: Annotated[int, typer.Option(help="Number of latents.")] = 4608,
    k: Annotated[int, typer.Option(help="Active latents a token.")] = 40,
    architecture: Annotated[str, typer.Option(help="topk, or batchtopk (saved as jumprelu).")] = "topk",
    tokens: Annotated[int, typer.Option(help="Tokens to train on; more than there are means epochs.")] = 10_000_000,
    context: Annotated[int, typer.Option(help="Window in tokens.")] = 256,
    json: Json = False,
) -> None:
    """Train a Top-K SAE on a model's activations. Interrupted, the same command goes on."""
    import fac_core as fac

    config = fac.TrainConfig(
        model=model,
        n_blocks=block,
        d_sae=latents,
        k=k,
        total_tokens=tokens,
        architecture=architecture,  # type: ignore[arg-type]  # checked by TrainConfig
        context=context,
    )
    with progress_bar("Training") as tell:
        folder = fac.train_sae(sources, output, config, on_progress=tell)
    if json:
        write_json({"sae": str(folder)})
    else:
        out.print(f"Trained SAE in {folder}. Use it with: fac encode DATA --model {model} --sae {folder}")
