"""Commands that look: `fac feature`, one feature in full; `fac find`, real texts for it. No model runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

import fac_core as fac
from fac_core.cli.options import Json, takes_view
from fac_core.cli.output import highlighted, in_line, out, print_examples, say, table, write_json, write_rows
from fac_core.errors import WrongUse

if TYPE_CHECKING:
    import pyarrow as pa

    from fac_core.evidence.groups import Evidence, Group
    from fac_core.gaps.gap_evidence import FeatureEvidence
    from fac_core.naming.labels import Label
    from fac_core.view import View

_BLOCKS = " ▁▂▃▄▅▆▇█"


@takes_view(alone=True)
def feature(
    view: View,
    feature_id: Annotated[int, typer.Argument(metavar="FEATURE", help="Feature id.")],
    top: Annotated[
        int | None, typer.Option(min=1, help="Only the strongest samples of the anchor and of the run.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Samples to show of each group.")] = 5,
    duplicates: Annotated[bool, typer.Option("--duplicates", help="Show folded duplicates too.")] = False,
    json: Json = False,
) -> None:
    """One feature in full: what fires it, what almost does, and why it is missing."""
    one = fac.Feature(view, feature_id)
    if top is not None:
        _print_top(view, one, top, json=json)
        return
    found, label, together = one.evidence(), one.label(), one.co_activation()
    near, promoted = one.nearest(), one.promoted()
    if json:
        neighbours = {"by_direction": near, "by_samples": together}
        write_json({"evidence": found, "label": label, "neighbours": neighbours, "promoted": promoted})
        return
    print_head(out, found, label)
    out.print(numbers(found))
    print_space(out, near, together, promoted)
    for side in (found.anchor, found.run):
        for group in side.groups:
            if group.n or group.kind == "top":
                print_group(out, side, group, n, duplicates=duplicates)


def _print_top(view: View, one: fac.Feature, n: int, *, json: bool) -> None:
    """The strongest samples in the anchor, and in the run where it is another."""
    strongest, theirs = one.examples(n), one.examples(n, view.run.name)
    if json:
        write_json({"feature_id": one.feature_id, "examples": strongest, "of_run": theirs})
        return
    for name, examples in {view.anchor.name: strongest, view.run.name: theirs}.items():
        out.print(Rule(Text(name), align="left"))
        print_examples(out, one.feature_id, examples)


@takes_view(alone=True)
def find(
    view: View,
    feature_id: Annotated[int | None, typer.Argument(metavar="[FEATURE]", help="Feature id; or --gaps.")] = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="For all gaps at once: what each run would close.")] = False,
    theme: Annotated[str | None, typer.Option(help="For a theme that the run is short of, by its name.")] = None,
    sources: Annotated[list[str] | None, typer.Option("--in", help="Run to search; all by default.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Texts to show.")] = 10,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write a theme's texts (.jsonl).")] = None,
    json: Json = False,
) -> None:
    """Real texts for a feature, for a theme, or for all gaps of a run."""
    if [feature_id is not None, gaps, theme is not None].count(True) != 1:
        raise WrongUse("Name one feature, or a --theme, or say --gaps for all gaps of a run.")
    if theme is not None:
        _of_theme(view, theme, sources or [], n, output, json)
        return
    if output is not None:
        raise WrongUse("--output writes the texts of a --theme.")
    if feature_id is None:
        _closing(view, sources or [], json)
        return
    texts = fac.Feature(view, feature_id).texts(sources or (), n)
    if json:
        write_json({"feature_id": feature_id, "texts": [{"counts": text.counts, **vars(text)} for text in texts]})
        return
    if not texts:
        out.print(f"No text of these runs fires feature {feature_id}.")
    for text in texts:
        where = Text(f"  [{text.run}, sample {text.example.sample_id}]", style="dim")
        mark = "above" if text.counts else "below"
        strength = Text(f"{text.example.activation:8.3g}  {mark} δ {text.delta:.3g}  ")
        out.print(strength, highlighted(text.example), where)


def _of_theme(view: View, name: str, sources: Sequence[str], n: int, output: Path | None, json: bool) -> None:
    from fac_core.workflows.themes import filled_by, find_texts, theme_named

    theme = theme_named(view, name)
    found = find_texts(view, theme, sources, n)
    share = filled_by(view, theme, found)
    if output is not None:
        write_rows(output, found)
    rows = (
        (
            f"{text.belonging:.2f}",
            "yes" if text.belongs else "nearly",
            text.run,
            str(text.sample_id),
            in_line(text.text, 90),
        )
        for text in found
    )
    nothing = f"No text of these runs is of {theme.name!r}."
    say(
        json,
        {"theme": theme.name, "texts": found, "share": share},
        *([table(["belongs", "to it", "run", "sample", "text"], rows), share.said()] if found else [nothing]),
    )


def _closing(view: View, sources: Sequence[str], json: bool) -> None:
    from fac_core.comparison import closing

    found = closing(view, sources)
    rows = (
        (
            " + ".join(of.sources),
            n := len(of.closed),
            of.n_gaps,
            f"{n / max(1, of.n_gaps):.1%}",
            len(of.samples),
            of.n_for_90,
        )
        for of in found
    )
    say(json, found, table(["texts of", "gaps closed", "of", "share", "with texts", "90 % of them with"], rows))


def print_head(console: Console, found: FeatureEvidence, label: Label | None) -> None:
    """What it is called, what it peaks on, and for a gap why it is missing."""
    console.print(Text(f"Feature {found.feature_id}", style="bold"), Text(found.state), sep="  ")
    if label is not None:
        trust = f", F1 {label.trust.f1:.2f}" if label.trust else ""
        console.print(Text(f"Label: {label.text} ({label.method}{trust}, by {label.author})"))
    words = ", ".join(f"{word.word} ({word.share:.0%})" for word in found.words)
    console.print(Text(f"Peaks on: {words or 'nothing in the anchor'}"))
    if found.cause:
        console.print(Text(f"Why it is missing: {found.cause}. {found.remedy}"))


def numbers(found: FeatureEvidence) -> Table:
    """How often and how strongly it fires, in anchor and run."""
    sides = (found.anchor, found.run)
    rows = {
        "samples that fire it": [f"{s.n_active:,} of {s.n_samples:,} ({s.density:.2%})" for s in sides],
        f"above δ = {found.anchor.delta:.3g}": [f"{s.n_above:,}" for s in sides],
        "maximum": [f"{s.max:.3g}" for s in sides],
        "median of non-zero": [f"{s.quantiles[0.5]:.3g}" if s.quantiles else "–" for s in sides],
        "0 to maximum (log)": [sparkline(s.histogram) for s in sides],
    }
    return table(["", *(side.run for side in sides)], ((name, *cells) for name, cells in rows.items()))


def sparkline(counts: Sequence[int]) -> str:
    """Counts, two and two, as blocks with heights on a logarithmic scale; a count of one is visible."""
    counts = [sum(counts[i : i + 2]) for i in range(0, len(counts), 2)]
    top = math.log1p(max(counts, default=0))
    return "".join(_BLOCKS[math.ceil(math.log1p(n) / top * 8)] if n else " " for n in counts)


def print_space(console: Console, near: pa.Table | None, together: pa.Table, promoted: pa.Table | None) -> None:
    """Neighbours by the weights and by the samples, and the tokens that the direction promotes."""
    if near is None:
        console.print("`fac space atlas` adds the nearest directions and the tokens that the feature promotes.")
    else:
        console.print(Text(f"Nearest by direction (cosine): {_pairs(near, 'cosine')}"))
    console.print(Text(f"Fires together with (Jaccard): {_pairs(together, 'jaccard') or 'no other feature'}"))
    if promoted is None:
        return
    for sign, word in ((1, "Promotes"), (-1, "Suppresses")):
        tokens = [row["token"] for row in promoted.to_pylist() if row["sign"] == sign]
        console.print(Text(f"{word}: {' '.join(repr(token) for token in tokens)}"))


def _pairs(neighbours: pa.Table, measure: str) -> str:
    return ", ".join(f"{row['neighbour_id']} {row[measure]:.2f}" for row in neighbours.to_pylist())


def print_group(console: Console, side: Evidence, group: Group, n: int, *, duplicates: bool) -> None:
    """A heading that says what the group is, and its first samples."""
    from fac_core.evidence.duplicates import unfold

    console.print(Rule(Text(heading(side, group)), align="left", style="dim"))
    distinct = group.examples[:n]
    print_examples(console, side.feature_id, unfold(distinct) if duplicates else [one.example for one in distinct])
    folded = sum(len(one.duplicates) for one in distinct)
    if folded and not duplicates:
        console.print(f"{folded} duplicates are folded; --duplicates shows them.", style="dim")


def heading(side: Evidence, group: Group) -> str:
    """What the samples of a group have in common, and how many there are."""
    said: dict[str, Any] = {
        "top": f"strongest of {side.n_active:,}",
        "interval": f"interval {group.low or 0:.3g} to {group.high or 0:.3g}, contains {group.share:.1%}",
        "random": f"random positives of {group.n:,}",
        "near miss": f"near misses: {group.n:,} at or below δ = {side.delta:.3g}",
        "silent": f"silent: {group.n:,} of {side.n_samples:,}",
    }
    return f"{side.run}: {said[group.kind]}"
