"""Commands about several datasets of one space: `fac overlap`, `matrix`, `find`, `subset`, `pick`, `diversity`."""

from __future__ import annotations

import json as json_format
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from fac_core.cli import tables
from fac_core.cli.options import AnchorName, Json, RunName, WorkspaceFolder, takes_definition
from fac_core.cli.output import out, progress_bar, write_json
from fac_core.coverage.definition import PAPER, Definition
from fac_core.coverage.subset import Subset
from fac_core.diversity.table import Measured
from fac_core.errors import WrongUse

Sources = Annotated[list[str] | None, typer.Option("--in", help="Run to search; all of the space by default.")]
Match = Annotated[str | None, typer.Option(help="samples or tokens: draw all runs at the smallest one's size.")]
_KEPT = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Shares of the FAC whose cost `fac subset` prints."""


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (overlap, matrix, find, subset, pick, diversity):
        app.command()(command)


def matched_by(match: str | None) -> str | None:
    """The way of matching, checked."""
    if match not in (None, "samples", "tokens"):
        raise WrongUse(f"Runs are matched by samples or tokens, not by {match!r}.")
    return match


@takes_definition
def overlap(
    run_a: Annotated[str, typer.Argument(help="Run name or id.")],
    run_b: Annotated[str, typer.Argument(help="Another run of the same space.")],
    anchor: AnchorName = None,
    limit: Annotated[int, typer.Option(help="Features to show, for each run.")] = 10,
    any_length: Annotated[bool, typer.Option("--any-length", help="Do not hold text length fixed.")] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Features that both runs cover, only one, or neither; and which are more common in one, by how much."""
    import fac_core as fac

    found = fac.overlap(run_a, run_b, anchor, definition, workspace=workspace)
    effects = fac.effects(run_a, run_b, anchor, definition, workspace=workspace, hold_length=not any_length)
    if json:
        write_json({"overlap": found, "effects": effects})
        return
    table = Table("covered by", "features", f"{found.level:.0%} interval", "of F(P)", box=None)
    parts = {"both": found.both, f"only {found.run_a}": found.only_a, f"only {found.run_b}": found.only_b}
    for name, part in {**parts, "neither": found.neither}.items():
        share = f"{part.n / found.n_features:.1%}"
        table.add_row(Text(name), f"{part.n:,}", f"{part.low:,} to {part.high:,}", share)
    out.print(table)
    sizes = zip((found.run_a, found.run_b), found.n_samples, found.n_tokens, strict=True)
    out.print(Text("; ".join(f"{name}: {n:,} samples, {tokens:,} tokens" for name, n, tokens in sizes)))
    sure = effects.to_pandas().query("q <= 0.05")
    for name, rows in ((found.run_a, sure[sure.odds_ratio > 1]), (found.run_b, sure[sure.odds_ratio < 1])):
        out.print(Text(f"\n{len(rows):,} features are more common in {name} (q ≤ 0.05); the surest:"))
        listed = Table("feature", "in A", "in B", "difference (95 %)", "odds ratio (95 %)", "fires on", box=None)
        for row in rows.head(limit).itertuples():
            listed.add_row(
                str(row.feature_id),
                f"{row.share_a:.1%}",
                f"{row.share_b:.1%}",
                f"{row.difference:+.1%} ({row.difference_low:+.1%} to {row.difference_high:+.1%})",
                f"{row.odds_ratio:.2f} ({row.odds_low:.2f} to {row.odds_high:.2f})",
                Text(row.words),
            )
        out.print(listed)


@takes_definition
def matrix(
    runs: Annotated[list[str] | None, typer.Argument(help="Runs of one space; all by default.")] = None,
    match: Match = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """How much of each dataset each other one covers: FAC of the row, the column being the anchor."""
    import fac_core as fac

    found = fac.coverage_matrix(runs or (), definition, match=matched_by(match), workspace=workspace)  # type: ignore[arg-type]
    if json:
        write_json(found)
        return
    table = Table("covers ↓ of →", *(escape(name) for name in found.names), "samples", "tokens", box=None)
    for i, name in enumerate(found.names):
        cells = (f"{cell:.1%}" for cell in found.fac[i])
        table.add_row(Text(name), *cells, f"{found.n_samples[i]:,}", f"{found.n_tokens[i]:,}")
    table.add_row("[dim]features", *(f"{n:,}" for n in found.denominator))
    table.add_row("[dim]redundant", *(f"{share:.1%}" for share in found.redundancy))
    table.add_row("[dim]its own", *(f"{n:,}" for n in found.n_own))
    out.print(table)
    out.print(f"Mean over pairs {found.mean:.1%}. Redundant: share of a run's features that the others together cover.")
    if found.matched:
        out.print(f"Rows are drawn at the smallest run's {found.matched[1]:,} {found.matched[0]}.")


@takes_definition
def find(
    feature: Annotated[int | None, typer.Argument(help="Feature id; or --gaps.")] = None,
    gaps: Annotated[bool, typer.Option("--gaps", help="For all gaps at once: what each run would close.")] = False,
    run: Annotated[str | None, typer.Option("--run", help="Whose gaps; the newest beside the anchor.")] = None,
    sources: Sources = None,
    anchor: AnchorName = None,
    n: Annotated[int, typer.Option("-n", help="Texts to show.")] = 10,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Real texts for a feature, or for all gaps of a run, before anything is synthesised."""
    import fac_core as fac

    if (feature is None) != gaps:
        raise WrongUse("Name one feature, or say --gaps for all gaps of a run.")
    if feature is not None:
        texts = fac.find_texts(feature, sources or (), anchor, definition, workspace=workspace, n=n)
        if json:
            write_json({"feature_id": feature, "texts": [{"counts": text.counts, **vars(text)} for text in texts]})
            return
        if not texts:
            out.print(f"No text of these runs fires feature {feature}.")
        for text in texts:
            where = Text(f"  [{text.run}, sample {text.example.sample_id}]", style="dim")
            mark = "above" if text.counts else "below"
            strength = Text(f"{text.example.activation:8.3g}  {mark} δ {text.delta:.3g}  ")
            out.print(strength, tables.highlighted(text.example), where)
        return
    found = fac.closable_gaps(run, sources or (), anchor, definition, workspace=workspace)
    if json:
        write_json(found)
        return
    table = Table("texts of", "gaps closed", "of", "share", "with texts", "90 % of them with", box=None)
    for part in found:
        counts = (f"{len(part.closed):,}", f"{part.n_gaps:,}", f"{len(part.closed) / max(1, part.n_gaps):.1%}")
        table.add_row(Text(" + ".join(part.sources)), *counts, f"{len(part.samples):,}", f"{part.n_for_90:,}")
    out.print(table)


@takes_definition
def subset(
    run: RunName = None,
    anchor: AnchorName = None,
    keep: Annotated[float, typer.Option(help="Share of the run's FAC to keep.")] = 0.99,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the ids, one JSON object a line.")
    ] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
    definition: Definition = PAPER,
) -> None:
    """Few samples that keep nearly all of a run's FAC, chosen greedily."""
    import fac_core as fac

    found = fac.small_subset(run, anchor, definition, keep=keep, workspace=workspace)
    if output:
        output.write_text(_lines(found), encoding="utf-8")
    if json:
        write_json(found)
        return
    size, tokens = len(found.sample_ids), found.n_tokens[-1] if found.n_tokens else 0
    out.print(
        Text(
            f"{size:,} of the {found.full_n_samples:,} samples of {found.run} keep {keep:.0%} of its FAC of"
            f" {found.full_fac:.1%}; {tokens:,} of its {found.full_n_tokens:,} tokens."
        )
    )
    table = Table("keep", "samples", "of all", box=None)
    for share in _KEPT:
        if (needed := found.size_for(share)) is not None:
            table.add_row(f"{share:.0%}", f"{needed:,}", f"{needed / found.full_n_samples:.1%}")
    out.print(table)


def _lines(found: Subset) -> str:
    """One JSON object a sample: its id, and the FAC up to it."""
    pairs = zip(found.sample_ids, found.fac, strict=True)
    return "".join(json_format.dumps({"sample_id": sample, "fac": fac}) + "\n" for sample, fac in pairs)


def pick(
    source: Annotated[str, typer.Argument(help="Run to choose samples of.")],
    n: Annotated[int, typer.Option("-n", min=1, help="Samples to choose.")] = 100,
    seed: Annotated[str | None, typer.Option(help="Run that they are added to; without one they stand alone.")] = None,
    anchor: AnchorName = None,
    by: Annotated[str | None, typer.Option(help="Metadata field, such as label: each class for itself.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the samples (.jsonl).")] = None,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Samples with which a dataset becomes like the anchor: mean activations of features, neither too little nor too much."""
    import fac_core as fac

    found = fac.pick_likest(source, n, seed=seed, anchor=anchor, by=by, workspace=workspace)
    if output:
        rows = fac.sample_rows(source, found.sample_ids, workspace=workspace)
        lines = (json_format.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        output.write_text("".join(lines), encoding="utf-8")
    if json:
        write_json(found)
        return
    kinds = Counter(one for one in found.classes if one is not None)
    classes = f" ({', '.join(f'{n:,} {by} {name}' for name, n in sorted(kinds.items()))})" if kinds else ""
    gain = f"With them {found.seed} is" if found.seed else "They are"
    out.print(
        Text(
            f"{len(found.sample_ids):,} samples of {found.source}{classes}, {found.n_tokens:,} tokens. "
            f"{gain} {found.moved} than {'before' if found.seed else 'nothing'}, in mean activations."
        )
    )


def diversity(
    runs: Annotated[list[str], typer.Argument(help="Runs of one space.")],
    anchor: AnchorName = None,
    match: Annotated[str, typer.Option(help="samples, tokens, or none: each run at its own size.")] = "samples",
    draws: Annotated[int, typer.Option(help="Random draws at the matched size.")] = 10,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """FAC beside the older measures of diversity, at equal size."""
    import fac_core as fac
    from fac_core.diversity.table import METRICS

    by = None if match == "none" else matched_by(match)
    with progress_bar("Diversity") as tell:
        found = fac.diversity(runs, anchor, match=by, n_draws=draws, workspace=workspace, on_progress=tell)  # type: ignore[arg-type]
    if json:
        write_json(found)
        return
    table = Table("", *(escape(row.run) for row in found.rows), "more is", box=None)
    table.add_row("samples", *(f"{row.n_samples:,}" for row in found.rows))
    table.add_row("tokens a sample", *(f"{row.mean_length:.0f}" for row in found.rows))
    for name, metric in METRICS.items():
        cells = [_measured(row.metrics[name], percent=name.startswith("fac")) for row in found.rows]
        table.add_row(metric.title, *cells, metric.more_is)
    out.print(table)
    if found.matched:
        out.print(f"{found.n_draws} draws of {found.matched[1]:,} {found.matched[0]} each; mean, and 5 % to 95 %.")


def _measured(value: Measured | None, *, percent: bool) -> str:
    """Mean and band; a dash where the measure could not be taken."""
    if value is None:
        return "–"
    mean, low, high = (f"{v:.1%}" if percent else f"{v:.3g}" for v in (value.mean, value.low, value.high))
    return mean if low == high else f"{mean} ({low} – {high})"
