"""Commands about several datasets of one space, or parts of one: `fac compare`, `subset`, `diversity`."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.text import Text

import fac_core as fac
from fac_core.cli.options import AnchorName, Json, Match, WorkspaceFolder, takes_view
from fac_core.cli.output import out, progress_bar, say, table, write_json, write_rows
from fac_core.errors import WrongUse
from fac_core.progress import counted

if TYPE_CHECKING:
    from fac_core.diversity.table import Measured
    from fac_core.view import View

_KEPT = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Shares of the FAC whose cost `fac subset` prints."""


@takes_view("names")
def compare(
    view: View,
    names: Annotated[list[str] | None, typer.Argument(help="Run names or ids.")] = None,
    limit: Annotated[int, typer.Option(help="Of two runs: features to show, for each.")] = 10,
    any_length: Annotated[bool, typer.Option("--any-length", help="Of two: do not hold length fixed.")] = False,
    match: Match = None,
    json: Json = False,
) -> None:
    """Two runs feature by feature, or how much of each run each other one covers.

    Two names compare feature by feature. None (all of the space), three or more, or --match give the matrix: FAC of the row,
    the column being the anchor.
    """
    if names and len(names) == 2 and match is None:
        _two(view, names[1], limit, any_length, json)
    elif any_length:
        raise WrongUse("--any-length is for two runs: fac compare RUN RUN --any-length.")
    else:
        _all(view, names or [], match, json)


def _two(view: View, other: str, limit: int, any_length: bool, json: bool) -> None:
    from fac_core.comparison import effects, overlap

    found, differ = overlap(view, other), effects(view, other, hold_length=not any_length)
    if json:
        write_json({"overlap": found, "effects": differ})
        return
    parts = {"both": found.both, f"only {found.run_a}": found.only_a, f"only {found.run_b}": found.only_b}
    rows = (
        (name, part.n, f"{part.low:,} to {part.high:,}", f"{part.n / found.n_features:.1%}")
        for name, part in {**parts, "neither": found.neither}.items()
    )
    out.print(table(["covered by", "features", f"{found.level:.0%} interval", "of F(P)"], rows))
    sizes = zip((found.run_a, found.run_b), found.n_samples, found.n_tokens, strict=True)
    out.print(
        Text("; ".join(f"{name}: {counted(n, 'sample')}, {counted(tokens, 'token')}" for name, n, tokens in sizes))
    )
    sure = [row for row in differ.to_pylist() if row["q"] <= 0.05]
    for name, more in (
        (found.run_a, [row for row in sure if row["odds_ratio"] > 1]),
        (found.run_b, [row for row in sure if row["odds_ratio"] < 1]),
    ):
        out.print(
            Text(
                f"\nMore common in {name} (q ≤ 0.05): {counted(len(more), 'feature')}"
                + ("; the surest:" if more else ".")
            )
        )
        listed = (
            (str(row["feature_id"]), f"{row['share_a']:.1%}", f"{row['share_b']:.1%}",
             f"{row['difference']:+.1%} ({row['difference_low']:+.1%} to {row['difference_high']:+.1%})",
             f"{row['odds_ratio']:.2f} ({row['odds_low']:.2f} to {row['odds_high']:.2f})", row["words"])
            for row in more[:limit]
        )  # fmt: skip
        columns = ["feature", "in A", "in B", "difference (95 %)", "odds ratio (95 %)", "fires on"]
        if more:
            out.print(table(columns, listed))


def _all(view: View, names: list[str], by: Literal["samples", "tokens"] | None, json: bool) -> None:
    from fac_core.comparison import matrix

    found = matrix(view, names, match=by)
    rows: list[tuple[Any, ...]] = [
        (name, *map(_share, found.fac[i]), found.n_samples[i], found.n_tokens[i]) for i, name in enumerate(found.names)
    ]
    rows.append(("features", *(f"{n:,}" for n in found.denominator)))
    rows.append(("redundant", *map(_share, found.redundancy)))
    rows.append(("its own", *(f"{n:,}" for n in found.n_own)))
    said = [f"{name}: {why}" for name, why in zip(found.names, found.no_anchor, strict=True) if why]
    if len(found.names) > 1:
        mean = f"Mean over pairs {found.mean:.1%}."
        said.append(f"{mean} Redundant: share of a run's features that the others together cover.")
    if found.matched:
        said.append(f"Rows are drawn at the smallest run's {found.matched[1]:,} {found.matched[0]}.")
    say(json, found, table(["covers ↓ of →", *found.names, "samples", "tokens"], rows), *said)


def _share(value: float) -> str:
    return "–" if isnan(value) else f"{value:.1%}"


@takes_view("argument")
def subset(
    view: View,
    keep: Annotated[float, typer.Option(help="Share of the run's FAC to keep.")] = 0.99,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the ids (.jsonl).")] = None,
    json: Json = False,
) -> None:
    """Few samples that keep nearly all of a run's FAC, chosen greedily."""
    found = view.subset(keep)
    if output:
        pairs = zip(found.sample_ids, found.fac, strict=True)
        write_rows(output, ({"sample_id": sample, "fac": value} for sample, value in pairs))
    size, tokens = len(found.sample_ids), found.n_tokens[-1] if found.n_tokens else 0
    sizes = {share: found.size_for(share) for share in _KEPT}
    rows = ((f"{share:.0%}", n, f"{n / found.full_n_samples:.1%}") for share, n in sizes.items() if n is not None)
    say(
        json,
        found,
        f"{size:,} of the {counted(found.full_n_samples, 'sample')} of {found.run} keep {keep:.0%} of its FAC of"
        f" {found.full_fac:.1%}; {tokens:,} of its {counted(found.full_n_tokens, 'token')}.",
        table(["keep", "samples", "of all"], rows),
    )


def diversity(
    runs: Annotated[list[str], typer.Argument(help="Runs of one space.")],
    anchor: AnchorName = None,
    match: Annotated[
        Literal["samples", "tokens", "none"], typer.Option(help="none: each run at its own size.")
    ] = "samples",
    draws: Annotated[int, typer.Option(help="Random draws at the matched size.")] = 10,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """FAC beside the older measures of diversity, at equal size."""
    from fac_core.diversity.table import METRICS

    by = None if match == "none" else match
    with progress_bar("Diversity") as tell:
        found = fac.measure_diversity(runs, anchor, match=by, n_draws=draws, workspace=workspace, on_progress=tell)
    rows: list[tuple[Any, ...]] = [("samples", *(row.n_samples for row in found.rows))]
    rows.append(("tokens a sample", *(f"{row.mean_length:.0f}" for row in found.rows)))
    for name, metric in METRICS.items():
        cells = [_measured(row.metrics[name], percent=name.startswith("fac")) for row in found.rows]
        rows.append((metric.title, *cells, metric.more_is))
    size = f" of {found.matched[1]:,} {found.matched[0]}" if found.matched else ""
    how = [f"{found.n_draws} draws{size} each; mean, and 5 % to 95 %."] if size else []
    say(json, found, table(["", *(row.run for row in found.rows), "more is"], rows), *how)


def _measured(value: Measured | None, *, percent: bool) -> str:
    """Mean and band; a dash where the measure could not be taken."""
    if value is None:
        return "–"
    mean, low, high = (f"{v:.1%}" if percent else f"{v:.3g}" for v in (value.mean, value.low, value.high))
    return mean if low == high else f"{mean} ({low} – {high})"
