"""Commands about synthetic training sets: `fac lab write-sets`, `dose`, `transfer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.lab.commands.values import interval, model_and_block, print_table, two, two_names
from fac_core.whole import write_whole

Sets = Annotated[Path, typer.Option("--sets", help="Folder that `fac lab write-sets` wrote.")]
Task = Annotated[str, typer.Option(help="What the texts are, for the prompts.")]
Names = Annotated[str, typer.Option(help="What prompts call positive and negative texts, as POSITIVE,NEGATIVE.")]
Seed = Annotated[str, typer.Option(help="Positive and negative texts of a seed set.")]
Add = Annotated[str, typer.Option(help="Positive and negative texts that are written for it.")]
CheckLabels = Annotated[
    bool, typer.Option("--check-labels", help="Keep only texts that a head trained on the anchor finds of their class.")
]

_TASK, _NAMES, _SEED = "messages that people send to a chat assistant", "toxic,harmless", "15,60"


def write_sets(
    config: Annotated[Path, typer.Argument(help="Settings of a study (.toml): its pool, split and features are used.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder for one JSONL file a method.")],
    task: Task = _TASK,
    names: Names = _NAMES,
    seed: Seed = _SEED,
    add: Add = "8,24",
    draws: Annotated[int, typer.Option(help="Seed sets; the ones of `fac lab baselines`.")] = 3,
    method: Annotated[list[str] | None, typer.Option("--method", help="Only these methods; all by default.")] = None,
    check_labels: CheckLabels = False,
    hole: Annotated[bool, typer.Option("--hole", help="Write for seeds that lack a topic.")] = False,
    per_feature: Annotated[int, typer.Option(help="Texts of a feature in the set `FAC per feature`; 0: none.")] = 5,
    generator: Annotated[str, typer.Option(help="local, or the address of an OpenAI-compatible server.")] = "local",
    model: Annotated[str, typer.Option(help="Of the generator; by default the model of the features.")] = "",
    key: Annotated[str | None, typer.Option(help="Environment variable with the server's key.")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Synthetic sets for one seed after the other, by every method: unguided, Self-Instruct, Magpie, features, FAC."""
    from fac_core.lab.study.study_files import read_config
    from fac_core.lab.writing import written_sets
    from fac_core.lab.writing.scene import METHODS, WritingSpec
    from fac_core.store.workspace import Workspace

    spec = WritingSpec(
        **_asked(task, names, seed, add),
        draws=draws,
        methods=tuple(method or METHODS),
        per_feature=per_feature,
        check_labels=check_labels,
        hole=hole,
    )
    with progress_bar("Writing") as tell:
        costs = written_sets.write_sets(
            read_config(config),
            folder,
            spec,
            Workspace.at(workspace),
            generator=generator,
            model=model,
            key_variable=key,
            on_progress=tell,
        )
    if json:
        write_json(costs)
        return
    rows: list[tuple[str, ...]] = []
    for name in dict.fromkeys(one.method for one in costs):
        mine = [one for one in costs if one.method == name]
        n = len(mine)
        sizes = (f"{sum(v) / n:,.0f}" for v in zip(*((c.kept, c.tokens, c.asked) for c in mine), strict=True))
        closed = (f"{sum(c.closed[preset] for c in mine) / n:.1%}" for preset in ("paper", "calibrated"))
        rows.append((name, *sizes, *closed))
    print_table(("method", "texts", "tokens", "answers drawn", "gaps closed (paper)", "(calibrated)"), rows)
    out.print(f"Means over the seeds that were written for. Compare: fac lab baselines {config} --sets {folder}")


def dose(
    config: Annotated[Path, typer.Argument(help="Settings of the study whose seeds the sets were written for.")],
    sets: Sets,
    backbone: Annotated[str | None, typer.Option(help="Another model that learns, as MODEL:BLOCK.")] = None,
    figure: Annotated[Path | None, typer.Option(help="Also draw texts added against the gain (.svg).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """How much of a synthetic set helps: 30, 60, 100 % of its targets; one to five texts of a feature; round by round."""
    from fac_core.lab.study.study_files import read_config
    from fac_core.lab.writing import dose as doses
    from fac_core.store.workspace import Workspace

    learner = model_and_block(backbone) if backbone else None
    with progress_bar("Dose") as tell:
        found = doses.dose(read_config(config), sets, Workspace.at(workspace), backbone=learner, on_progress=tell)
    if figure:
        write_whole(figure, doses.dose_figure(found, "Dose of synthetic texts"))
    if json:
        write_json([{**vars(one), "mean": one.mean, "gain": one.gain} for one in found])
        return
    rows = (
        (d.method, d.said, f"{d.mean:.3f}", interval(d.gain, 3), f"{d.n_samples:,.0f}", f"{d.n_tokens:,.0f}")
        for d in found
    )
    print_table(("set", "dose", "AUPRC", "over the seed", "samples", "tokens"), rows)


def transfer(
    sources: Annotated[list[Path], typer.Argument(help="Studies (.toml) of the same texts, each in a feature space.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder for what is written.")],
    generators: Annotated[str, typer.Option(help="Models that write, with commas.")] = "smollm2-135m,gemma3-270m",
    backbones: Annotated[
        str, typer.Option(help="Models that learn, as MODEL:BLOCK, with commas.")
    ] = "smollm2-135m:16,gemma3-270m:9",
    task: Task = _TASK,
    names: Names = _NAMES,
    seed: Seed = _SEED,
    add: Add = "8,24",
    draws: Annotated[int, typer.Option(help="Seed sets.")] = 3,
    check_labels: CheckLabels = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Does it carry over? Gaps in one model's features, filled by another model, learned by a third."""
    from fac_core.lab.study.study_files import read_config
    from fac_core.lab.writing import transfer as carrying
    from fac_core.lab.writing.scene import WritingSpec
    from fac_core.store.workspace import Workspace

    spec = WritingSpec(**_asked(task, names, seed, add), draws=draws, check_labels=check_labels)
    with progress_bar("Transfer") as tell:
        cells = carrying.transfer(
            [read_config(source) for source in sources],
            folder,
            spec,
            Workspace.at(workspace),
            generators=generators.split(","),
            backbones=[model_and_block(backbone) for backbone in backbones.split(",")],
            on_progress=tell,
        )
    if json:
        write_json(cells)
        return
    rows = (
        (c.source, c.generator, c.backbone, f"{c.mean:.3f}", interval(c.minus_seed, 3), interval(c.minus_random, 3))
        for c in cells
    )
    print_table(("features of", "written by", "learned by", "AUPRC", "over the seed", "over random real"), rows)


def _asked(task: str, names: str, seed: str, add: str) -> dict[str, Any]:
    """Of a `WritingSpec`, what is typed as text."""
    return {"task": task, "names": two_names(names), "n_seed": two(seed), "n_added": two(add)}
