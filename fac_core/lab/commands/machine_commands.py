"""Commands that measure what the rest stands on: `fac lab sae-card`, `bench`, `crashes`, `gpu-check` and others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fac_core.cli.from_fields import listed
from fac_core.cli.options import Json
from fac_core.cli.output import err, out, progress_bar, say, write_json
from fac_core.lab.commands.values import print_table
from fac_core.models.device import CHOICES, chosen_device


def sae_card(
    source: Annotated[str, typer.Argument(help="Held-out texts: a file, a mixture (.toml) or a set on the hub.")],
    sae: Annotated[str | None, typer.Option(help="One that ships, or a folder; the model's own by default.")] = None,
    model: Annotated[str, typer.Option(help="That the SAE reads.")] = "smollm2-135m",
    limit: Annotated[int, typer.Option(min=1, help="Texts to read.")] = 500,
    features: Annotated[int, typer.Option(min=1, help="Random latents whose interpretability is scored.")] = 250,
    windows: Annotated[
        int, typer.Option(min=1, help="Windows that the whole model predicts with the SAE in it.")
    ] = 100,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    card: Annotated[Path | None, typer.Option(help="Write the whole card there, as Markdown.")] = None,
    json: Json = False,
) -> None:
    """What the card of a SAE cites: loss recovered, FVU, L0, dead latents, interpretability with chance beside it."""
    from fac_core.datasets.texts import iter_texts
    from fac_core.lab.sae_card.card_numbers import card_numbers

    with progress_bar("SAE") as tell:
        found = card_numbers(
            iter_texts([source]),
            model,
            sae,
            limit=limit,
            n_features=features,
            n_spliced=windows,
            seed=seed,
            on_progress=tell,
        )
    if card is not None:
        from fac_core.lab.sae_card.card_page import write_card

        write_card(found, card, source, limit=limit, features=features, windows=windows, seed=seed)
    copy, loss, (score, chance) = found.copy, found.loss, found.interpretability
    if json:
        write_json(
            {
                "sae": found.sae,
                "model": found.model,
                "windows": found.n_windows,
                "tokens": copy.n_tokens,
                "loss_recovered": loss.recovered,
                "loss": {
                    "clean": loss.clean,
                    "spliced": loss.spliced,
                    "ablated": loss.ablated,
                    "tokens": loss.n_tokens,
                },
                "fvu": copy.fvu,
                "l0": copy.l0,
                "dead": found.dead,
                "interpretability": {"score": score, "chance": chance, "features": len(found.scores)},
            }
        )
        return
    out.print(f"{found.sae} on {found.model}: {found.n_windows:,} windows, {copy.n_tokens:,} tokens.")
    rows = [
        ("loss recovered when spliced in", f"{loss.recovered:.3f}"),
        ("fraction of variance unexplained (FVU)", f"{copy.fvu:.3f}"),
        ("L0, active latents a token", f"{copy.l0:.1f}"),
        ("dead latents", f"{found.dead:.1%}"),
        (f"interpretability of {len(found.scores)} latents", f"{score:.3f}", f"{chance:.3f}"),
    ]
    print_table(("measure", "this SAE", "chance"), rows)
    out.print(
        f"Cross-entropy in nats over {loss.n_tokens:,} tokens: {loss.clean:.2f} as it is, {loss.spliced:.2f} with the SAE, "
        f"{loss.ablated:.2f} with zeros."
    )


def bench(
    only: Annotated[str, typer.Option(help="Ways to measure, with commas, as in `ways/`; all by default.")] = "",
    dtypes: Annotated[str, typer.Option(help="With commas; by default float32, and bfloat16 where it is faster.")] = "",
    repeats: Annotated[int, typer.Option(min=1, help="Passes over the texts, where one takes less than 30 s.")] = 3,
    folder: Annotated[Path | None, typer.Option(help="Where measures are kept; by default in the cache.")] = None,
    page: Annotated[Path | None, typer.Option(help="Also write the table there, between its marks.")] = None,
    mark: Annotated[str, typer.Option(help="Name of the marks in the page.")] = "table",
    json: Json = False,
) -> None:
    """How fast encoding is here: against matrix products alone, and against peers, each in an environment of its own."""
    from fac_core.lab.bench.peers.benchmarks_page import tables, write_page
    from fac_core.lab.bench.peers.race import race
    from fac_core.models.cache_folder import cache_dir

    ways, kinds = (listed(said, str, name) if said else [] for said, name in ((only, "only"), (dtypes, "dtypes")))
    kept = cache_dir() / "bench"
    found = race(folder or kept, kept / "environments", only=ways, dtypes=kinds, repeats=repeats, tell=err.print)
    if page is not None:
        write_page(found, page, mark=mark)
    if json:
        write_json(found)
        return
    out.print(tables(found, ""), markup=False, soft_wrap=True)


def big_shape(
    blocks: Annotated[int, typer.Option(min=1, help="Of the model; 16 take 8 GB.")] = 16,
    latents: Annotated[str, typer.Option(help="Of each SAE, with commas: 131,072 take 1.1 GB.")] = "65536,131072",
    texts: Annotated[int, typer.Option(min=1, help="Made-up texts of 16 to 128 tokens.")] = 24,
    repeats: Annotated[int, typer.Option(min=1, help="Passes over them; the quickest counts.")] = 1,
    device: Annotated[str, typer.Option(help=f"One of {CHOICES}.")] = "auto",
    json: Json = False,
) -> None:
    """Encode with random weights of 8 B shape: tokens a second, share of the ceiling, peak memory."""
    from fac_core.lab.bench.big_shape import Shape
    from fac_core.lab.bench.big_shape import big_shape as measured

    widths = listed(latents, int, "latents")
    result = measured(Shape(blocks=blocks), widths, device=chosen_device(device), n_texts=texts, repeats=repeats)
    if json:
        write_json(result)
        return
    print_table(("measure", "value"), ((key, str(value)) for key, value in result.items()))


def gpu_check(json: Json = False) -> int:
    """On a CUDA card: equal to the processor, speed and memory at 8 B shape, training for a minute. Prints JSON."""
    device = chosen_device()
    if not device.startswith("cuda"):
        said = f"There is no CUDA card here (PyTorch finds {device}), so there is nothing to check."
        say(json, {"skipped": said}, said)
        return 0
    from fac_core.lab.bench.gpu_check import gpu_check as checked

    result = checked(device)
    write_json(result)
    return 0 if result["ok"] else 1


def crashes(
    folder: Annotated[Path, typer.Argument(help="Where it happens; its log says what is done already.")],
    kills: Annotated[int, typer.Option(min=1, help="SIGKILL at so many moments of each task.")] = 50,
    others: Annotated[int, typer.Option(min=0, help="Cases of each task and every other ending.")] = 3,
    only: Annotated[str, typer.Option(help="Tasks, with commas; all by default.")] = "",
    page: Annotated[Path | None, typer.Option(help="Also write the table there, between its marks.")] = None,
    json: Json = False,
) -> int:
    """End everything that takes a while in every way, go on, and look at what is there. Exit code 1 if anything is lost."""
    from fac_core.lab.crashes.crash_matrix import ENDINGS, read_log, run_matrix
    from fac_core.lab.crashes.crash_page import faults, tables, write_page
    from fac_core.lab.crashes.victims import TASKS

    wanted = dict.fromkeys(ENDINGS, others) | {"SIGKILL": kills}
    cases = read_log(
        run_matrix(folder, wanted, tasks=listed(only, str, "only") if only else list(TASKS), tell=err.print)
    )
    if page is not None:
        write_page(cases, page)
    if json:
        write_json(cases)
    else:
        out.print(tables(cases), markup=False, soft_wrap=True)
    return 1 if faults(cases) else 0


def large_workspace(
    folder: Annotated[Path, typer.Argument(help="Where the workspace goes; what is there complete is kept.")],
    small: Annotated[bool, typer.Option("--small", help="A thousandth of the size.")] = False,
    samples: Annotated[int | None, typer.Option(min=10, help="Of the anchor, instead of a million.")] = None,
    json: Json = False,
) -> None:
    """A made-up workspace of a million samples and 65,536 features, to see what is slow."""
    from fac_core.lab.bench.large import made_large

    result = made_large(folder, small=small, samples=samples)
    if json:
        write_json(result)
        return
    memory = "" if result["peak_mb"] is None else f", {result['peak_mb']:,} MB at most"
    out.print(f"Made in {result['seconds']:,} s{memory}.")
    for name, sizes in result["runs"].items():
        out.print(f"{name}: {sizes['n_samples']:,} samples, {sizes['n_activations']:,} activations.")
