"""Commands that train small models to see whether data helps: `fac lab study`, `judge-answers`, `steer`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fac_core.cli.options import Json, WorkspaceFolder
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.lab.commands.values import interval, print_table, two
from fac_core.whole import write_whole

if TYPE_CHECKING:  # pyarrow: only where a study is shown
    from fac_core.lab.study.study_files import Study


Studies = Annotated[list[Path], typer.Argument(help="Settings of studies of two labels (.toml).")]
Cuts = Annotated[int, typer.Option(min=2, help="Ways to cut the texts into sets, anchor and test.")]
FirstCut = Annotated[int, typer.Option(help="Number of the first cut.")]
Drawn = Annotated[Path | None, typer.Option(help="Also draw it (.svg).")]


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
    from fac_core.lab.study.study_files import read_config, read_study
    from fac_core.store.workspace import Workspace

    settings, opened = read_config(config), Workspace.at(workspace)
    if show:
        found = read_study(opened, settings.name)
    else:
        from fac_core.lab.study.run import study as run_study

        with progress_bar("Study") as tell:
            found = run_study(settings, opened, on_progress=tell)
    if figure:
        from fac_core.lab.study.conclusion import study_figure

        write_whole(figure, study_figure(found))
    if json:
        write_json({"summary": found.summary, "findings": found.findings})
        return
    from fac_core.lab.study.conclusion import differences, within_kinds

    _print_summary(found.summary)
    if agreement := found.summary.get("agreement"):
        same = f"the {agreement['n_sets']} sets that {found.config.chosen_by} scored too"
        pearson, spearman = (interval(agreement[name]) for name in ("pearson", "spearman"))
        out.print(f"Scores of {same}: Pearson {pearson}, Spearman {spearman}")
    for a, b, difference in differences(found):
        out.print(f"Pearson of {a} minus {b}: {interval(difference)}")
    if within := within_kinds(found):
        out.print("Within kinds, all sets: " + ", ".join(f"{name} {value:+.2f}" for name, value in within.items()))
    _print_kinds(found)


def dose_response(
    configs: Studies,
    cuts: Cuts = 10,
    first: FirstCut = 0,
    kinds: Annotated[str | None, typer.Option(help="Kinds of sets, separated by semicolons; the study's own.")] = None,
    draws: Annotated[int | None, typer.Option(min=2, help="Sets of each kind; as many as the study has.")] = None,
    figure: Drawn = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Does having a feature in the data help on texts with that feature? Loss against dose, over sets, features and cuts."""
    from dataclasses import replace

    from fac_core.lab.study import dose_response as study
    from fac_core.lab.study.study_files import read_config
    from fac_core.store.workspace import Workspace

    opened, found = Workspace.at(workspace), {}
    for settings in map(read_config, configs):
        chosen = replace(settings, kinds=settings.kinds if kinds is None else kinds, draws=draws or settings.draws)
        with progress_bar(f"Dose and response, {settings.name}") as tell:
            cut = range(first, first + cuts)
            found[settings.name] = study.dose_response(chosen, opened, cuts=cut, on_progress=tell)
    if figure:
        write_whole(figure, study.figure(found))
    if json:
        write_json({name: [one.as_dict() for one in of] for name, of in found.items()})
        return
    out.print(f"Change of the loss for each step of the dose, 95 % over {cuts} cuts:")
    rows = (
        (name, one.texts, one.dose, one.control, interval((one.mean, *one.interval), digits=4), f"{one.explained:.1%}")
        for name, of in found.items()
        for one in of
    )
    print_table(("data", "texts", "dose", "control", "change", "explained"), rows)
    for name, of in found.items():
        out.print(f"{name}: mean loss {of[0].loss:.3f}, {of[0].n_features:,.0f} features, {of[0].n_sets} sets a cut")


def mending(
    configs: Studies,
    cuts: Cuts = 10,
    first: FirstCut = 0,
    draws: Annotated[int, typer.Option(min=1, help="Seeds of each cut.")] = 20,
    seed: Annotated[str, typer.Option(help="Positive and negative texts of a seed set.")] = "40,400",
    add: Annotated[str, typer.Option(help="Positive and negative texts whose tokens are added to it.")] = "25,100",
    learner: Annotated[
        Literal["head", "next-token"], typer.Option(help="A head on frozen states, or LoRA on the texts themselves.")
    ] = "head",
    arm: Annotated[
        list[str] | None, typer.Option(help="A way of adding, beside random real texts; all of them without.")
    ] = None,
    figure: Drawn = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Does mending a hole help there? Seeds that lack a topic, ways of adding real texts, and the loss on the topic."""
    from fac_core.lab.study import mending as study
    from fac_core.lab.study.study_files import read_config
    from fac_core.store.workspace import Workspace

    opened, found = Workspace.at(workspace), {}
    for settings in map(read_config, configs):
        with progress_bar(f"Mending holes, {settings.name}") as tell:
            cut = range(first, first + cuts)
            found[settings.name] = study.mending(
                settings,
                opened,
                cuts=cut,
                draws=draws,
                n_seed=two(seed),
                n_added=two(add),
                learner=learner,
                arms=arm or tuple(study.ARMS),
                on_progress=tell,
            )
    if figure:
        write_whole(figure, study.figure(found))
    if json:
        write_json({name: [one.as_dict() for one in of] for name, of in found.items()})
        return
    out.print(f"Loss, and differences from random real texts at equal tokens, 95 % over {cuts} cuts:")
    rows = []
    for name, of in found.items():
        random = next(one for one in of if one.arm == study.RANDOM)
        for one in of:
            minus = (one.minus(random), one.learned_beyond(random), one.minus(random, "elsewhere"))
            loss = f"{sum(one.in_hole) / len(one.in_hole):.3f}"
            rows.append(
                (name, one.arm, f"{one.of_hole:.0%}", loss, *(interval(given or (None,), digits=3) for given in minus))
            )
    columns = ("data", "added", "of the hole", "loss there", "minus random", "less shuffled", "elsewhere, minus random")
    print_table(columns, rows)


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
    from fac_core.generators.budget import Budget
    from fac_core.generators.openai_compatible import OpenAICompatible, Server
    from fac_core.lab.tasks import answer_judge
    from fac_core.store.workspace import Workspace

    writer, budget = OpenAICompatible(Server(llm, model, key_variable=key)), Budget(tokens=max_tokens)
    found = answer_judge.judge_answers(name, ours, theirs, writer, Workspace.at(workspace), budget=budget)
    if json:
        write_json({**vars(found), "usage": vars(found.usage)})
        return
    out.print(
        f"{ours} wins {found.win_rate:.0%} against {theirs}, {found.length_controlled:.0%} at equal length: "
        f"{found.n_pairs} pairs in both orders, {found.n_failed} without a verdict. Verdicts alike in both orders "
        f"{found.consistency:.0%}; at 50 % or less the judge answers by position.",
        markup=False,
    )


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
    from fac_core.lab.tasks.steering import Steerable, steer_often

    with progress_bar("Steering") as tell:
        steerable = Steerable(model, block, share=share)
        found = steer_often(items, steerable, n_train=train, n_test=test, seeds=seeds, on_progress=tell)
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


def _print_kinds(found: Study) -> None:
    """What kinds of sets gave, the worst first, as means over their draws."""
    from fac_core.lab.study.conclusion import PRESET_NAMES

    sets = found.sets
    columns = ["score", "n_tokens", *dict.fromkeys([*PRESET_NAMES, found.summary["chosen"]])]
    columns = [c for c in columns if c in sets.column_names]
    columns += [c for c in sets.column_names if c.startswith("also ")]
    means = sets.group_by("kind").aggregate([(c, "mean") for c in columns] + [("score", "stddev")])
    rows: list[tuple[str, ...]] = []
    for row in means.sort_by("score_mean").to_pylist():
        cells = (f"{row[f'{c}_mean']:,.0f}" if c == "n_tokens" else f"{row[f'{c}_mean']:.3f}" for c in columns)
        rows.append((row["kind"], *cells, f"{row['score_stddev']:.3f}"))
    print_table(("kind of set", *columns, "spread of score"), rows)


def _print_summary(summary: dict[str, Any]) -> None:
    low, high = summary["score_range"]
    sizes = ", ".join(
        f"{n} to {'choose on' if half == 'choice' else 'test on'}" for half, n in summary["n_sets"].items()
    )
    out.print(f"{summary['name']}: {sizes}; {summary['metric']} from {low:.3f} to {high:.3f}.")
    out.print(f"Reliability of the score {summary['score_reliability']:.2f}. Chosen: {summary['chosen']}")
    kinds = ("pearson", "spearman", "partial")
    rows = ((name, *(interval(line[kind]) for kind in kinds)) for name, line in summary["test"].items())
    print_table(("on the test sets", "Pearson", "Spearman", "given log length"), rows)
    out.print(f"Pearson of the chosen minus that of {summary['rival']}: {interval(summary['chosen_minus_rival'])}")
    for name, bar in summary["bars"].items():
        out.print(f"Bar {name} ≥ {bar}: {'reached' if summary['reached'][name] else 'missed'}")
