"""Commands that train small models to see whether data helps: `fac study`, `judge-answers`, `baselines`, `steer`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.coverage.definition import PRESETS
from fac_core.errors import WrongUse
from fac_core.lab.study.study_files import Study


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (study, judge_answers, baselines, steer):
        app.command(command.__name__.replace("_", "-"))(command)


def study(
    config: Annotated[Path, typer.Argument(help="Settings of the study (.toml); data/studies has some.")],
    figure: Annotated[
        Path | None, typer.Option(help="Also draw the chosen definition against the score (.svg).")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Only show what is there already; nothing is computed.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """FAC against performance: many training sets of one size, and which metric of a set goes with what is learned from it."""
    import fac_core as fac

    with progress_bar("Study") as tell:
        found = fac.study(config, workspace=workspace, show=show, on_progress=tell)
    if figure:
        from fac_core.lab.study.scatter import study_figure

        figure.write_text(study_figure(found), encoding="utf-8")
    if json:
        write_json({"summary": found.summary, "findings": found.findings})
    else:
        _print(found.summary)
        if agreement := found.summary.get("agreement"):
            same = f"the {agreement['n_sets']} sets that {found.config.chosen_by} scored too"
            out.print(
                f"Scores of {same}: Pearson {interval(agreement['pearson'])}, Spearman {interval(agreement['spearman'])}"
            )
        for line in _differences(found):
            out.print(f"Pearson of {line}")
        if within := _within_kinds(found.sets, found.summary):
            out.print(f"Within kinds, all sets: {within}")
        out.print(_by_kind(found.sets, found.summary))


def judge_answers(
    name: Annotated[str, typer.Argument(metavar="STUDY", help="A study of instructions.")],
    ours: Annotated[str, typer.Argument(help='One of its sets, such as "greedy calibrated 0".')],
    theirs: Annotated[str, typer.Argument(help='Another one, such as "random 0".')],
    llm: Annotated[str, typer.Option(help="Address of the judging model, e.g. http://localhost:11434/v1.")],
    model: Annotated[str, typer.Option(help="What the server calls the model.")],
    key: Annotated[str | None, typer.Option(help="Environment variable that holds the key.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Cap on all tokens, read and written.")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Which of two sets taught to answer better, by a judge that sees each pair in both orders; length held fixed."""
    import fac_core as fac
    from fac_core.generators.budget import Budget
    from fac_core.generators.openai_compatible import Server

    server = Server(llm, model, key_variable=key)
    found = fac.judge_answers(name, ours, theirs, server, budget=Budget(tokens=max_tokens), workspace=workspace)
    if json:
        write_json({**vars(found), "usage": vars(found.usage)})
        return
    out.print(
        Text(
            f"{ours} wins {found.win_rate:.0%} against {theirs}, {found.length_controlled:.0%} at equal length: "
            f"{found.n_pairs} pairs in both orders, {found.n_failed} without a verdict. Verdicts alike in both orders "
            f"{found.consistency:.0%}; at 50 % or less the judge answers by position."
        )
    )


def baselines(
    config: Annotated[Path, typer.Argument(help="Settings of a study (.toml): its pool and split are used.")],
    budget: Annotated[str, typer.Option(help="samples, or tokens: what is equal for all methods.")] = "samples",
    preset: Annotated[str, typer.Option(help="paper or calibrated: how coverage is counted.")] = "calibrated",
    seed: Annotated[str, typer.Option(help="Positive and negative texts of a seed set.")] = "15,60",
    add: Annotated[str, typer.Option(help="Positive and negative texts that are added to it.")] = "25,100",
    draws: Annotated[int, typer.Option(help="Seed sets; every method adds to each.")] = 20,
    dose: Annotated[float, typer.Option(help="Share of the budget that is used.")] = 1.0,
    backbone: Annotated[str | None, typer.Option(help="Another model that learns, as MODEL:BLOCK (transfer).")] = None,
    texts: Annotated[list[str] | None, typer.Option(help="Texts from elsewhere, as METHOD=FILE.jsonl.")] = None,
    sets: Annotated[Path | None, typer.Option(help="Folder of `fac write-sets`: its sizes, seeds and texts.")] = None,
    hole: Annotated[bool, typer.Option("--hole", help="Seeds that lack a topic; measured on it as well.")] = False,
    real: Annotated[list[str] | None, typer.Option(help="Only this method of picking real texts (repeatable).")] = None,
    against: Annotated[str, typer.Option(help="Method that the others are compared with.")] = "random real",
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """What to add to a seed at an equal budget: texts chosen by coverage against random, spread and synthetic ones."""
    import fac_core as fac

    if budget not in ("samples", "tokens") or preset not in PRESETS:
        raise WrongUse(f"Give a budget of samples or tokens, and a preset of {' or '.join(PRESETS)}.")
    with progress_bar("Baselines") as tell:
        found = fac.baselines(
            config,
            budget=budget,  # type: ignore[arg-type]  # checked above
            preset=preset,  # type: ignore[arg-type]  # checked above
            n_seed=two(seed),
            n_added=two(add),
            draws=draws,
            dose=dose,
            backbone=model_and_block(backbone) if backbone else None,
            others=dict(_named(one) for one in texts or ()),
            sets=sets,
            real=real,
            hole=hole,
            workspace=workspace,
            on_progress=tell,
        )
    other = next((one for one in found if one.method == against), None)
    if other is None:
        raise WrongUse(f"There is no method {against!r}; there are {', '.join(one.method for one in found)}.")
    if json:
        compared = ((one, one.minus(other), one.minus_in_hole(other)) for one in found)
        write_json([{**vars(one), "mean": one.mean, "minus": a, "minus_in_hole": b} for one, a, b in compared])
        return
    holes = ["in the hole", f"minus {against}"] if other.in_hole else []
    table = Table("added", "AUPRC", f"minus {against}", *holes, "samples", "tokens", "gaps closed", box=None)
    for one in found:
        sizes = (
            f"{one.n_samples:,.0f}",
            f"{one.n_tokens:,.0f}",
            "" if one.closed is None else f"{one.closed:.0%}",
        )
        inside = one.minus_in_hole(other)
        there = (f"{fmean(one.in_hole):.3f}", interval(inside, 3)) if inside else ()
        table.add_row(Text(one.method), f"{one.mean:.3f}", interval(one.minus(other), 3), *there, *sizes)
    out.print(table)


def steer(
    items: Annotated[Path, typer.Argument(help="A/B items (JSONL, also .gz) of the model-written evaluations.")],
    model: Annotated[str, typer.Option(help="smollm2-135m, gemma3-270m, a local folder or a hub id.")] = "smollm2-135m",
    block: Annotated[int, typer.Option(help="The vector is added after this block.")] = 16,
    share: Annotated[float, typer.Option(help="Its length at 1, in units of the residual stream's.")] = 0.5,
    train: Annotated[int, typer.Option(help="Items that the vector is made from.")] = 50,
    test: Annotated[int, typer.Option(help="Items that are asked, in both orders.")] = 100,
    seeds: Annotated[int, typer.Option(help="Draws of both.")] = 3,
    json: Json = False,
) -> None:
    """Steer a behaviour along a vector made from A/B items: robust accuracy in both option orders, and SCR."""
    import fac_core as fac

    with progress_bar("Steering") as tell:
        found = fac.steer(
            items, model=model, block=block, share=share, n_train=train, n_test=test, seeds=seeds, on_progress=tell
        )
    if json:
        write_json([{**vars(one), "evaluation": one.evaluation} for one in found])
        return
    for one in found:
        robust, balanced = (
            ", ".join(f"{value:.0%} at {m:+g}" for m, value in sorted(rates.items()))
            for rates in (one.robust, one.balanced)
        )
        out.print(f"robust accuracy {robust}; SCR {one.evaluation.mean:+.0%}; in the mean of both orders {balanced};")
        out.print(f"  unsteered answers that are A: {one.prefers_a:.0%}")


def _differences(found: Study) -> list[str]:
    """By how much one metric correlates more than another on the test sets, paired."""
    from fac_core.lab.sets.variants import CALIBRATED
    from fac_core.lab.study.conclusion import OVERLAP, difference

    test = found.sets.filter(pc.field("half") == "test")
    pairs = [(found.summary["chosen"], CALIBRATED.name), (OVERLAP, found.summary["chosen"])]
    return [f"{a} minus {b}: {interval(difference(test, a, b, found.config.resamples))}" for a, b in pairs]


def _within_kinds(sets: pa.Table, summary: dict[str, Any]) -> str:
    """Nothing where every kind has one set only."""
    from fac_core.lab.study.conclusion import sample
    from fac_core.lab.study.correlation import within_groups

    metrics = [name for name in summary["test"] if name in sets.column_names]
    found = within_groups(sample(sets, metrics))
    return ", ".join(f"{name} {value:+.2f}" for name, value in zip(metrics, found, strict=True) if value == value)


def _by_kind(sets: pa.Table, summary: dict[str, Any]) -> Table:
    """What kinds of sets gave, the worst first, as means over their draws."""
    from fac_core.lab.sets.variants import CALIBRATED, PAPER

    columns = ["score", "n_tokens", *dict.fromkeys([PAPER.name, CALIBRATED.name, summary["chosen"]])]
    columns = [c for c in columns if c in sets.column_names]
    columns += [c for c in sets.column_names if c.startswith("also ")]
    means = sets.group_by("kind").aggregate([(c, "mean") for c in columns] + [("score", "stddev")])
    table = Table("kind of set", *columns, "spread of score", box=None)
    for row in means.sort_by("score_mean").to_pylist():
        cells = (f"{row[f'{c}_mean']:,.0f}" if c == "n_tokens" else f"{row[f'{c}_mean']:.3f}" for c in columns)
        table.add_row(Text(row["kind"]), *cells, f"{row['score_stddev']:.3f}")
    return table


def model_and_block(given: str) -> tuple[str, int]:
    model, _, block = given.rpartition(":")
    if not model or not block.isdigit():
        raise WrongUse(f"{given!r} is no backbone; write it as MODEL:BLOCK, for example gemma3-270m:9.")
    return model, int(block)


def two(given: str) -> tuple[int, int]:
    positive, _, negative = given.partition(",")
    if not (positive.strip().isdigit() and negative.strip().isdigit()):
        raise WrongUse(f"{given!r} are not two numbers; write them as POSITIVE,NEGATIVE, for example 15,60.")
    return int(positive), int(negative)


def _named(given: str) -> tuple[str, Path]:
    name, equals, path = given.partition("=")
    if not equals:
        raise WrongUse(f"{given!r} names no method; write it as METHOD=FILE.jsonl.")
    return name, Path(path)


def _print(summary: dict[str, Any]) -> None:
    low, high = summary["score_range"]
    sizes = ", ".join(
        f"{n} to {'choose on' if half == 'choice' else 'test on'}" for half, n in summary["n_sets"].items()
    )
    out.print(f"{summary['name']}: {sizes}; {summary['metric']} from {low:.3f} to {high:.3f}.")
    out.print(f"Reliability of the score {summary['score_reliability']:.2f}. Chosen: [bold]{summary['chosen']}[/]")
    table = Table("on the test sets", "Pearson", "Spearman", "given log length", box=None)
    for name, line in summary["test"].items():
        table.add_row(Text(name), *(interval(line[kind]) for kind in ("pearson", "spearman", "partial")))
    out.print(table)
    out.print(f"Pearson of the chosen minus that of {summary['rival']}: {interval(summary['chosen_minus_rival'])}")
    for name, bar in summary["bars"].items():
        out.print(f"Bar {name} ≥ {bar}: {'reached' if summary['reached'][name] else 'missed'}")


def interval(three: Sequence[float | None], digits: int = 2) -> str:
    if three[0] is None:
        return ""
    value, low, high = (f"{one:+.{digits}f}" for one in three)
    return f"{value} ({low} to {high})"
