"""One feature in full: `fac feature 1843`. Everything is read from run files; no model runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import AnchorName, Json, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, write_json
from fac_core.cli.tables import print_examples
from fac_core.coverage.definition import PAPER, Definition
from fac_core.evidence.duplicates import unfold
from fac_core.evidence.groups import Evidence, Group
from fac_core.gaps.gap_evidence import FeatureEvidence
from fac_core.naming.labels import Label

_BLOCKS = " ▁▂▃▄▅▆▇█"


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(feature)


@takes_definition
def feature(
    feature_id: Annotated[int, typer.Argument(metavar="FEATURE", help="Feature id.")],
    run: Annotated[str | None, typer.Option("--run", help="Run; the newest beside the anchor by default.")] = None,
    anchor: AnchorName = None,
    n: Annotated[int, typer.Option("-n", help="Samples to show of each group.")] = 5,
    duplicates: Annotated[bool, typer.Option("--duplicates", help="Show folded duplicates too.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """One feature in full: what fires it, what almost does, how strongly, its neighbours, and why it is missing."""
    import fac_core as fac

    found = fac.evidence(feature_id, run, anchor, definition, workspace=workspace)
    label = fac.label(feature_id, anchor, workspace=workspace)
    together = fac.co_activation(feature_id, anchor, definition, workspace=workspace)
    near = promoted = None
    if fac.has_atlas(anchor, workspace=workspace):
        near = fac.neighbours(feature_id, anchor, workspace=workspace)
        promoted = fac.promoted(feature_id, anchor, workspace=workspace)
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
    table = Table("", box=None)
    for side in sides:
        table.add_column(Text(side.run))
    rows = {
        "samples that fire it": [f"{s.n_active:,} of {s.n_samples:,} ({s.density:.2%})" for s in sides],
        f"above δ = {found.anchor.delta:.3g}": [f"{s.n_above:,}" for s in sides],
        "maximum": [f"{s.max:.3g}" for s in sides],
        "median of non-zero": [f"{s.quantiles[0.5]:.3g}" if s.quantiles else "–" for s in sides],
        "0 to maximum (log)": [sparkline(s.histogram) for s in sides],
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def sparkline(counts: Sequence[int]) -> str:
    """Counts, two and two, as blocks with heights on a logarithmic scale; a count of one is visible."""
    counts = [sum(counts[i : i + 2]) for i in range(0, len(counts), 2)]
    top = math.log1p(max(counts, default=0))
    return "".join(_BLOCKS[math.ceil(math.log1p(n) / top * 8)] if n else " " for n in counts)


def print_space(console: Console, near: pa.Table | None, together: pa.Table, promoted: pa.Table | None) -> None:
    """Neighbours by the weights and by the samples, and the tokens that the direction promotes."""
    if near is None:
        console.print("`fac atlas` adds the nearest directions and the tokens that the feature promotes.")
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
