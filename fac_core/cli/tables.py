"""Results as rich renderables: pure functions from results to what a terminal shows.

Sample text is untrusted: it only ever enters as `Text`, never as markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fac_core.coverage.curves import ClusterCoverage, CountPoint, GrowthPoint, ThresholdPoint
from fac_core.coverage.fac import Coverage
from fac_core.evidence.examples import Example
from fac_core.store.runs.info import RunInfo

_CONTEXT = 60
"""Characters shown on each side of a peak."""


def runs(found: Sequence[RunInfo]) -> Table:
    """One line a run."""
    table = Table("run", "id", "samples", "tokens", "features", "model", "mode", "created", box=None)
    for info in found:
        row = (info.name, info.run_id, f"{info.n_samples:,}", f"{info.n_tokens:,}", f"{info.d_sae:,}")
        table.add_row(*(Text(cell) for cell in (*row, info.model, info.activation_mode or "", info.created_at)))
    return table


def print_coverage(console: Console, result: Coverage, document: dict[str, Any]) -> None:
    """FAC in words, then what stands beside it."""
    interval = document["interval"]
    console.print(
        f"[bold]FAC {result.fac:.1%}[/]  ({interval.low:.1%} to {interval.high:.1%}):"
        f" of {result.denominator:,} features that occur in the anchor, {result.numerator:,} fire in the run,"
        f" {len(result.missing):,} are missing."
    )
    console.print(Text(f"run    {result.run}: {result.n_samples:,} samples, {result.n_tokens:,} tokens"))
    console.print(
        Text(f"anchor {result.anchor}: {result.anchor_n_samples:,} samples, {result.anchor_n_tokens:,} tokens")
    )
    excluded = result.excluded
    console.print(
        f"Not counted: {excluded.dead:,} features silent in the anchor, {excluded.sink:,} sinks, {excluded.dense:,} too"
        f" dense, {excluded.not_relevant:,} not relevant; {result.n_extra:,} extra features fire in the run alone."
    )
    for name, preset in document["presets"].items():
        if preset["fac"] is None:
            console.print(f"  {name:<11} undefined: {preset['why']}")
        else:
            console.print(
                f"  {name:<11} FAC {preset['fac']:.1%}  ({preset['numerator']:,} of {preset['denominator']:,})"
            )
    if "by" in document:
        console.print(by_home(document["by"]))
    for other in document.get("compared", []):
        matched = other["matched"]
        console.print(
            Text(
                f"  {other['run']}: FAC {other['fac']:.1%} at {other['n_samples']:,} samples of {other['mean_length']:.0f}"
                f" tokens; {matched.mean:.1%} at {matched.size:,} samples ({matched.low:.1%} to {matched.high:.1%})"
            )
        )
    if "gap_closure" in document:
        closure = document["gap_closure"]
        console.print(
            Text(
                f"Gap closure {closure['closure']:.1%}: {closure['n_closed']:,} of the {closure['n_gaps']:,} gaps of"
                f" {closure['seed']} fire in {closure['synthetic']}. This is not FAC."
            )
        )


def by_home(parts: Sequence[ClusterCoverage], words: Mapping[str, Sequence[str]] | None = None) -> Table:
    """FAC of the features at home in each part of the anchor, least covered first; with words of the missing ones."""
    table = Table("features at home in", "covered", "FAC", "", *(["missing, for example"] if words else []), box=None)
    for part in parts:
        said = [Text(", ".join(words.get(str(part.cluster), ())))] if words else []
        counts = f"{part.numerator:,} of {part.denominator:,}"
        table.add_row(Text(str(part.cluster)), counts, f"{part.fac:.0%}", bar(part.fac, width=15), *said)
    return table


def gaps(found: pa.Table) -> Table:
    """One line a missing feature."""
    table = Table("feature", "anchor samples", "max", "fires on", "strongest in", box=None)
    for row in found.to_pylist():
        table.add_row(
            str(row["feature_id"]),
            f"{row['n_active']:,}",
            f"{row['max']:.3g}",
            Text(row["words"]),
            Text(" ".join((row["snippet"] or "").split()), no_wrap=True, overflow="ellipsis"),
        )
    return table


def curve(points: Sequence[ThresholdPoint | GrowthPoint | CountPoint], n_rows: int = 15) -> Table:
    """A curve as bars, thinned to some rows."""
    step = max(1, -(-len(points) // n_rows))
    rows = [_curve_row(point) for point in [*points[:-1:step], points[-1]]]
    table = Table(rows[0][0], "FAC", "", rows[0][3], box=None)
    for _axis, x, fac, _beside, beside in rows:
        table.add_row(x, f"{fac:.1%}", bar(fac), beside)
    return table


def _curve_row(point: ThresholdPoint | GrowthPoint | CountPoint) -> tuple[str, str, float, str, str]:
    """Name of the axis, place on it, FAC, and what stands beside it with its name."""
    if isinstance(point, GrowthPoint):
        return "samples", f"{point.n_samples:,}", point.mean, "5 % – 95 %", f"{point.low:.1%} – {point.high:.1%}"
    if isinstance(point, ThresholdPoint):
        return "δ", f"{point.delta:.3g}", point.fac, "features", f"{point.denominator:,}"
    return "needed", f"{point.min_count:,}", point.fac, "features", f"{point.denominator:,}"


def print_examples(console: Console, feature: int, examples: Sequence[Example]) -> None:
    """The samples of a feature, active tokens highlighted, the peak underlined."""
    if not examples:
        console.print(f"Feature {feature} fires in no sample of this run.")
    for example in examples:
        where = example.metadata.get("set") or example.metadata.get("id") or f"sample {example.sample_id}"
        console.print(
            Text(f"{example.activation:8.3g}  "), highlighted(example), Text(f"  [{where}]", style="dim"), end="\n"
        )


def highlighted(example: Example) -> Text:
    """The text around the peak; stronger tokens have a stronger background, and the peak is underlined too."""
    text = Text(example.text)
    strongest = example.peak.activation if example.peak else 1.0
    for token in example.tokens:
        share = token.activation / strongest
        style = "black on bright_yellow" if share > 0.66 else "black on yellow" if share > 0.33 else "yellow"
        text.stylize(style, token.char_start, token.char_end)
    if example.peak:
        text.stylize("underline", example.peak.char_start, example.peak.char_end)
    centre = example.peak.char_start if example.peak else 0
    start, end = max(0, centre - _CONTEXT), min(len(text), centre + _CONTEXT)
    shown = text[start:end]
    shown.plain = "".join(c if c.isprintable() else "⏎" if c == "\n" else " " for c in shown.plain)
    return shown


def bar(share: float, width: int = 30) -> str:
    """A share of 1 as blocks."""
    full = round(share * width)
    return "█" * full + "·" * (width - full)
