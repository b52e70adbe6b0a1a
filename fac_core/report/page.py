"""The report as one HTML file: no script, no network, light and dark by the reader's own setting."""

from __future__ import annotations

from collections.abc import Sequence

from fac_core.coverage.curves import ClusterCoverage
from fac_core.coverage.fac import Coverage
from fac_core.html_table import escaped, table_of_markup
from fac_core.progress import counted
from fac_core.report.charts import line, share_bar
from fac_core.report.contents import Contents, Later, ReportedGap
from fac_core.report.token_heat import token_heat

_PARTS, _DECISIONS, _AROUND = 25, 200, 120
"""Rows of a breakdown; rows of the log; characters of an example on each side of its peak."""

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --blue: #3b7dd8; --red: #cc4a6b; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .7rem .2rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.big { font-size: 3.2rem; font-weight: 600; line-height: 1.1; } .quiet { opacity: .75; font-size: .9rem; }
.side { display: flex; flex-wrap: wrap; gap: 2rem; } .wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; } svg text { font-size: 11px; fill: currentColor; }
.grid { stroke: var(--line); stroke-width: .5; } .curve { fill: none; stroke: var(--blue); stroke-width: 2.5; }
.band { fill: var(--blue); opacity: .2; } .mark { stroke: currentColor; stroke-dasharray: 3 3; }
.covered { fill: var(--blue); } .missing { fill: none; stroke: var(--red); stroke-dasharray: 2 2; }
article { border-top: 1px solid var(--line); padding: .6rem 0; } h3 { margin: .2rem 0; }
"""


OURS = '<meta name="generator" content="FAC Explorer">'
"""In the first line of every report: only such a file is replaced."""


def html_page(contents: Contents) -> str:
    """The whole file."""
    sections = (_head, _rests_on, _curves, _parts, _gaps, _decisions, _before_after, _origin)
    title = escaped(f"{contents.run.name}: feature activation coverage")
    body = "\n".join(section(contents) for section in sections)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{OURS}<title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body>\n{body}\n</body></html>\n"
    )


def _head(c: Contents) -> str:
    found = c.coverage
    return (
        f"<h1>{escaped(c.run.name)}</h1><p class='big'>{found.fac:.1%}</p>"
        f"<p>Feature Activation Coverage: of <b>{found.denominator:,}</b> features that occur in {escaped(found.anchor)}, "
        f"<b>{found.numerator:,}</b> fire in {escaped(found.run)}; <b>{len(found.missing):,}</b> are missing. Another draw of "
        f"as many samples would give {c.interval.low:.1%} to {c.interval.high:.1%} ({c.interval.level:.0%} interval). "
        f"A feature counts {_rule(c)}.</p>"
    )


def _rule(c: Contents) -> str:
    samples = "one sample" if c.definition.min_count == 1 else f"{c.definition.min_count} samples"
    if c.definition.quantile is None:
        return f"from {samples} above δ = {c.definition.delta:g}"
    return f"from {samples} above the {c.definition.quantile:.0%} quantile of its activations in the anchor"


def _rests_on(c: Contents) -> str:
    rows = []
    for name, found in c.presets.items():
        if isinstance(found, Coverage):
            rows.append((escaped(name), f"{found.fac:.1%}", f"{found.numerator:,}", f"{found.denominator:,}"))
        else:
            rows.append((escaped(name), "–", "", escaped(found)))
    left_out = c.coverage.excluded
    return (
        "<h2>Both definitions</h2>"
        + table_of_markup(("definition", "FAC", "covered", "of"), rows)
        + f"<p class='quiet'>Not counted: {counted(left_out.dead, 'feature')} that the anchor does not fire often enough, "
        f"{left_out.sink:,} that mark a position, {left_out.dense:,} too dense, {left_out.not_relevant:,} not relevant. "
        f"{counted(c.coverage.n_extra, 'extra feature')} fire in this run alone; they do not enter FAC.</p>"
    )


def _curves(c: Contents) -> str:
    delta = c.definition.delta if c.definition.quantile is None else None
    threshold = line(
        [p.delta for p in c.threshold],
        [p.fac for p in c.threshold],
        x_title="threshold δ",
        alt="FAC against the threshold",
        mark=None if delta is None else (delta, f"δ = {delta:g}"),
    )
    growth = line(
        [p.n_samples for p in c.growth],
        [p.mean for p in c.growth],
        band=([p.low for p in c.growth], [p.high for p in c.growth]),
        x_title="samples, in random order",
        alt="FAC against the number of samples, with the band over random orders",
    )
    return f"<h2>How it depends on threshold and size</h2><div class='side'>{threshold}{growth}</div>"


def _parts(c: Contents) -> str:
    return "".join(f"<h2>By {escaped(name)}</h2>{_part(parts)}" for name, parts in c.parts.items() if parts)


def _part(parts: Sequence[ClusterCoverage]) -> str:
    rows = [
        (
            escaped("elsewhere" if p.cluster is None else str(p.cluster)),
            share_bar(p.numerator, p.denominator - p.numerator, alt=f"{p.numerator} of {p.denominator} covered"),
            f"{p.fac:.0%}",
            f"{p.numerator:,} of {p.denominator:,}",
        )
        for p in parts[:_PARTS]
    ]
    more = f"<p class='quiet'>The {_PARTS} least covered of {len(parts):,}.</p>" if len(parts) > _PARTS else ""
    return table_of_markup(("part", "", "FAC", "covered"), rows) + more


def _gaps(c: Contents) -> str:
    if not c.gaps:
        return "<h2>Gaps</h2><p>There is none: the run fires all that the anchor does.</p>"
    shown = "".join(_gap(gap) for gap in c.gaps)
    return (
        f"<h2>The first {len(c.gaps):,} of {counted(c.n_gaps, 'gap')}</h2><p class='quiet'>By priority = relevance × trust in the "
        "label × strength in the anchor × rarity in the data. Heat and underline show how strongly a token fires the "
        f"feature, relative to its strongest in the anchor.</p>{shown}"
    )


def _gap(gap: ReportedGap) -> str:
    row = gap.row
    name = row["label"] or row["words"] or "no words"
    examples = "".join(
        f"<tr><td class='n'>{one.activation:.2f}</td><td>"
        f"{token_heat(one.text, one.tokens, row['anchor_max'], around=_AROUND, peak=one.peak)}</td></tr>"
        for one in gap.examples
    )
    decision = f" Decision: <b>{escaped(gap.decision)}</b>." if gap.decision else " Untriaged."
    return (
        f"<article id='feature-{row['feature_id']}'><h3>{row['feature_id']}: {escaped(name)}</h3>"
        f"<p class='quiet'>Peaks on {escaped(row['words'])}. {counted(row['n_active'], 'anchor sample')} above its threshold; "
        f"{escaped(row['cause'])}. Priority {row['priority']:.3f}.{decision}</p><table>{examples}</table></article>"
    )


def _decisions(c: Contents) -> str:
    counted = ", ".join(f"{escaped(state)} {n:,}" for state, n in c.states.items())
    names = ("at", "author", "feature_id", "action", "from", "to", "reason", "note")
    rows = [[escaped(str(row[name])) for name in names] for row in c.decisions.slice(0, _DECISIONS).to_pylist()]
    if not rows:
        return f"<h2>Decisions</h2><p>{counted}. Nobody has decided anything yet.</p>"
    more = f" The newest {_DECISIONS} of {len(c.decisions):,} are listed." if len(c.decisions) > _DECISIONS else ""
    table = table_of_markup([name.replace("_", " ") for name in names], rows)
    return f"<h2>Decisions</h2><p>{counted}.{more}</p><div class='wide'>{table}</div>"


def _before_after(c: Contents) -> str:
    if not c.later:
        return ""
    rows = [("this run", f"{c.coverage.fac:.1%}", f"{c.run.n_samples:,}", ""), *(_later(one) for one in c.later)]
    return (
        "<h2>Before and after</h2>"
        + table_of_markup(("run", "FAC", "samples", "gaps of this run that it closes"), rows)
        + "<p class='quiet'>At their own sizes: FAC grows with the number and the length of samples.</p>"
    )


def _later(one: Later) -> tuple[str, ...]:
    closed = f"{one.closure.n_closed:,} of {one.closure.n_gaps:,}" if one.closure else "no gap to close"
    return (escaped(one.run.name), f"{one.coverage.fac:.1%}", f"{one.run.n_samples:,}", closed)


def _origin(c: Contents) -> str:
    names = (
        "run_id",
        "dataset_id",
        "source",
        "space_id",
        "model",
        "sae",
        "hook_name",
        "activation_mode",
        "dtype",
        "created_at",
    )
    rows = [
        (name, escaped(str(getattr(c.run, name) or "")), escaped(str(getattr(c.anchor, name) or ""))) for name in names
    ]
    return (
        "<h2>Where the numbers come from</h2><div class='wide'>"
        + table_of_markup(("", "run", "anchor"), rows)
        + f"</div><p class='quiet'>Made {escaped(c.made_at)} by FAC Explorer.</p>"
    )
