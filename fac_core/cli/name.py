"""Commands that name and judge: `fac label` says what features are called, `fac relevance` whether they matter for a task.

Themes are named where they are listed, by `fac missing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from rich.table import Table
from rich.text import Text

import fac_core as fac
from fac_core.cli.llm import Llm, answered, spent, takes_llm
from fac_core.cli.options import ME, Author, Json, OfRun, Over, WorkspaceFolder
from fac_core.cli.output import err, say, table
from fac_core.errors import WrongUse
from fac_core.naming.level import Level
from fac_core.progress import counted

if TYPE_CHECKING:
    from fac_core.naming.labels import Label
    from fac_core.themes.theme import Theme
    from fac_core.view import View


_BAD_SHOWN = 5


@takes_llm
def label(
    asked: Llm | None,
    run: OfRun = None,
    listing: Annotated[bool, typer.Option("--list", help="Only list them; with --feature all that it had.")] = False,
    feature: Annotated[int | None, typer.Option(help="With --name: the feature to rename.")] = None,
    name: Annotated[str | None, typer.Option(help="Your own name for it, which holds over any machine's.")] = None,
    others: Annotated[
        Path | None,
        typer.Option("--import", help="Take over labels of others: a file or folder of Neuronpedia's exports."),
    ] = None,
    over: Over = None,
    author: Author = ME,
    n: Annotated[int, typer.Option("-n", help="Labels to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Name features: by words, by a model, as others named them, or yourself."""
    from fac_core.workflows.naming import labels_of, rename

    if others is not None:
        if asked is not None or listing or feature is not None or name is not None:
            raise WrongUse("--import takes labels over and does nothing else: leave out the other options.")
        _import(others, run, n, workspace, json)
        return
    if asked is not None:
        _label_by_llm(asked, run, workspace, json)
        return
    if listing and name is None:
        held = labels_of(workspace, run)
        found = held.history(feature) if feature is not None else _by_trust(list(held.all().values()))
        say(json, found, _label_table(found if feature is not None else found[:n]))
        return
    if (feature is None) != (name is None) or listing:
        raise WrongUse("To rename a feature say both: fac label --feature ID --name NAME.")
    if feature is not None and name is not None:
        rename(feature, name, author=author, over=over, run=run, workspace=workspace)
    else:
        fac.label_features(run, workspace=workspace)
    _after_labelling(list(labels_of(workspace, run).all().values()), n, json)


@takes_llm
def relevance(
    task: Annotated[str, typer.Argument(help="A built-in rubric (toxicity, …) or a .toml file.")],
    asked: Llm | None,
    run: OfRun = None,
    field: Annotated[str, typer.Option(help="Metadata field that says which samples are positive.")] = "label",
    value: Annotated[str, typer.Option(help="Its value in the positive samples.")] = "1",
    background: Annotated[str | None, typer.Option(help="Instead: a run of other texts.")] = None,
    judge: Annotated[int | None, typer.Option(metavar="FEATURE", help="Judge this feature yourself.")] = None,
    level: Annotated[Level | None, typer.Option(help="With --judge: how relevant it is.")] = None,
    reason: Annotated[str, typer.Option(help="With --judge: why, in a few words.")] = "",
    over: Over = None,
    author: Author = ME,
    n: Annotated[int, typer.Option("-n", help="Features to show.")] = 20,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Judge which features matter for a task: by a statistic, a model, or yourself.

    By a label: their association with a metadata field of the samples, text length held fixed. By a --background: what sets
    the anchor apart from other texts. With --llm a model judges; with --judge and --level you do, which holds over machines.
    """
    from fac_core.workflows import judging
    from fac_core.workflows.naming import labels_of

    if asked is not None:
        _judge_by_llm(task, asked, run, workspace, json)
        return
    if (judge is None) != (level is None):
        raise WrongUse(f"To judge a feature say both: fac relevance {task} --judge ID --level LEVEL.")
    if judge is not None and level is not None:
        held = judging.set_relevance(
            task, judge, level, author=author, reason=reason, over=over, run=run, workspace=workspace
        )
        say(json, held, f"Feature {held.feature_id}, {task}: {held.level}, says {held.author}.")
        return
    if background is None:
        found = fac.judge_by_statistic(task, field, value, run, workspace=workspace)
    else:
        found = judging.judge_against_background(task, background, run, workspace=workspace)
    names = labels_of(workspace, run).names().text
    named = (
        (row, names.get(row["feature_id"])) for row in found.sort_by([("low", "descending")]).slice(0, n).to_pylist()
    )
    rows = (
        (str(row["feature_id"]), name, row["level"], f"{row['odds_ratio']:.1f}", f"{row['low']:.1f} to {row['high']:.1f}",
         row["n_positive"], row["n_negative"])
        for row, name in named
    )  # fmt: skip
    counted = Counter(found["level"].to_pylist())
    columns = ["feature", "label", "level", "odds ratio", "95 %", "with", "without"]
    said = ", ".join(f"{level} {counted[level]:,}" for level in get_args(Level))
    say(json, found, table(columns, rows), said)


def name_theme(
    view: View, theme: Theme, place: str, name: str | None, author: str, over: str | None, json: bool
) -> None:
    """Give a theme a person's name; without one, take the name back that it bears.

    Args:
        place: the options of `fac missing` that say which theme it is.
    """
    from fac_core.store.log.over import seen_unless_others
    from fac_core.themes.names import item_of
    from fac_core.workflows.theme_names import names_of

    names = names_of(view)
    item = item_of(theme)
    seen = seen_unless_others(names.history(theme), [item], author, over)[item]
    event = names.undo(theme, author=author) if name is None else names.rename(theme, name, author=author, seen=seen)
    found = view.missing()
    now = next(one.name for one in (*found.themes, *found.surplus) if one.features == theme.features)
    undo = f" `fac missing {place} --undo` takes it back." if name is not None else ""
    say(json, event, f"The theme {theme.name!r} is called {now!r} now.{undo}")


def name_themes(view: View, asked: Llm, json: bool) -> None:
    """Ask a model for the names of all themes that no person has named."""
    from fac_core.generators.openai_compatible import OpenAICompatible
    from fac_core.naming.explanation import ANSWER_TOKENS
    from fac_core.workflows.theme_names import estimate_theme_names, name_themes_by_llm, themes_to_name

    model, themes = OpenAICompatible(asked.server), themes_to_name(view)
    if not themes:
        raise WrongUse("There is no theme to name: none shows at this size, or people have named all.")
    tokens = asked.answer_tokens or ANSWER_TOKENS
    expected = estimate_theme_names(view, model, answer_tokens=tokens)
    ask = partial(name_themes_by_llm, view, model, answer_tokens=tokens)
    found, usage = answered(
        asked, f"{len(themes):,} {'theme' if len(themes) == 1 else 'themes'}", expected, ask, "Themes", json=json
    )
    named = sum(bool(one.name) for one in found.values())
    say(
        json,
        {"themes": list(found.values()), "spent": usage},
        table(["theme", "name", "detail"], ((one.theme, one.name, one.detail) for one in found.values())),
        f"{named:,} names recorded. {spent(usage)}",
    )


def _import(file: Path, run: str | None, n: int, workspace: Path | None, json: bool) -> None:
    from fac_core.naming.trust import TRUSTED
    from fac_core.workflows.naming import import_labels, labels_of

    read, bad = import_labels(file, run, workspace=workspace)
    labels = labels_of(workspace, run)
    theirs = [one for one in labels.imported() if one.feature_id in read]
    scores = [one.trust.f1 for one in theirs if one.trust is not None]
    held = labels.all()
    say(
        json,
        {"imported": theirs, "bad_lines": bad, "scored": len(scores), "trusted": sum(f1 >= TRUSTED for f1 in scores)},
        _label_table(_by_trust(theirs)[:n]),
        f"{counted(len(theirs), 'label')} taken over from {file}; {len(scores):,} could be scored here, and"
        f" {sum(f1 >= TRUSTED for f1 in scores):,} predict with F1 of {TRUSTED} or more by their words."
        f" {sum(held[one.feature_id].method == 'imported' for one in theirs):,} of them hold.",
    )
    if bad and not json:
        err.print(
            Text(
                f"{len(bad):,} lines gave none: " + "; ".join(f"{one.origin} {one.reason}" for one in bad[:_BAD_SHOWN])
            )
        )


def _label_by_llm(asked: Llm, run: str | None, workspace: Path | None, json: bool) -> None:
    from fac_core.workflows.ask import estimate_labels

    asking = asked.about(run, workspace)
    about = f"{counted(len(asking.feature_ids), 'feature')}"
    ask = partial(fac.label_by_llm, asking)
    found, usage = answered(asked, about, estimate_labels(asking), ask, "Labels", json=json)
    rows = (
        (str(one.feature_id), one.text, one.outcome, one.verified, one.trust and f"{one.trust.f1:.2f}", one.detail)
        for one in found.values()
    )
    say(
        json,
        {"features": list(found.values()), "spent": usage},
        table(["feature", "label", "outcome", "verified", "F1", "detail"], rows),
        f"{counted(sum(one.outcome == 'labelled' for one in found.values()), 'label')} recorded. {spent(usage)}",
    )


def _judge_by_llm(task: str, asked: Llm, run: str | None, workspace: Path | None, json: bool) -> None:
    from fac_core.workflows.ask import estimate_relevance

    asking = asked.about(run, workspace)
    about = f"{counted(len(asking.feature_ids), 'feature')}"
    ask = partial(fac.judge_by_llm, task, asking)
    found, usage = answered(asked, about, estimate_relevance(task, asking), ask, "Relevance", json=json)
    verdicts = [(str(one.feature_id), one.verdict, one.detail) for one in found.values()]
    rows = ((i, held.level if held else "none", held.reason if held else detail) for i, held, detail in verdicts)
    say(
        json,
        {"features": list(found.values()), "spent": usage},
        table(["feature", "level", "reason"], rows),
        f"{sum(held is not None for _, held, _ in verdicts):,} verdicts recorded. {spent(usage)}",
    )


def _after_labelling(held: list[Label], n: int, json: bool) -> None:
    from fac_core.naming.trust import TRUSTED

    scores = [one.trust.f1 for one in held if one.trust is not None]
    trusted = sum(score >= TRUSTED for score in scores)
    say(
        json,
        {"labels": held, "trusted": trusted, "scored": len(scores)},
        _label_table(_by_trust(held)[:n]),
        f"With a label: {counted(len(held), 'feature')}. That predict unseen samples with F1 of {TRUSTED} or more: {counted(trusted, 'label')}.",
    )


def _by_trust(labels: list[Label]) -> list[Label]:
    return sorted(labels, key=lambda one: (-(one.trust.f1 if one.trust else 1.0), one.feature_id))


def _label_table(labels: Sequence[Label]) -> Table | str:
    rows = (
        (str(one.feature_id), one.text, one.trust and f"{one.trust.f1:.2f}", one.method, one.author, one.at[:16])
        for one in labels
    )
    columns = ["feature", "label", "F1", "from", "by", "at"]
    return table(columns, rows) if labels else "No label yet: `fac label` makes them."
