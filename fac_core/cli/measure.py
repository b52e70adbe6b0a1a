"""Commands that measure: `fac missing`, `coverage`, `gaps`, `curve`. They read run files; no model is loaded.

`fac missing` also names the themes that it lists (`name.py`).
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.llm import Llm, takes_llm_for_all
from fac_core.cli.name import name_theme, name_themes
from fac_core.cli.options import ME, Author, Json, Over, takes_view
from fac_core.cli.output import curve_table, gap_table, in_line, out, part_table, say, table, write_json
from fac_core.errors import WrongUse
from fac_core.progress import counted

if TYPE_CHECKING:
    from fac_core.themes.theme import Theme
    from fac_core.view import View

_EXCERPT = 90
"""Characters of a text that a line shows."""


@takes_llm_for_all
@takes_view("argument")
def missing(
    view: View,
    asked: Llm | None,
    surplus: Annotated[bool, typer.Option("--surplus", help="What the run has more of than the anchor.")] = False,
    theme: Annotated[int | None, typer.Option(help="One theme, by its place: its features and texts.")] = None,
    rename: Annotated[str | None, typer.Option(help="With --theme: your own name for it, which holds.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="With --theme: take back the name it was given.")] = False,
    by: Annotated[str | None, typer.Option(help="By a metadata field that both runs have, e.g. label.")] = None,
    over: Over = None,
    author: Author = ME,
    json: Json = False,
) -> None:
    """What the run lacks: one sentence, then themes with how many samples it is short of.

    With --theme and --rename you name one of them; with --llm a model names all that no person has named.
    """
    if [asked is not None, rename is not None, undo].count(True) > 1 or (
        theme is None and (undo or rename is not None)
    ):
        raise WrongUse(
            "To name a theme say its place: fac missing --theme 2 --rename NAME; or --undo; or --llm for all."
        )
    if by is not None:
        if asked is not None or surplus or theme is not None:
            raise WrongUse("--by compares the values of a field, which have names; take it alone.")
        _by(view, by, json)
        return
    if asked is not None:
        name_themes(view, asked, json)
        return
    found = view.missing()
    themes = found.surplus if surplus else found.themes
    if theme is not None:
        if not 1 <= theme <= len(themes):
            raise WrongUse(f"There is no theme {theme}; this run has {len(themes)}. `fac missing` lists them.")
        one = themes[theme - 1]
        if undo or rename is not None:
            name_theme(view, one, f"{'--surplus ' if surplus else ''}--theme {theme}", rename, author, over, json)
        else:
            _show_theme(view, one, json)
    elif json:
        said = {name: getattr(found, name) for name in ("sentence", "seen_from", "not_compared")}
        say(True, {"in_part": in_part(view), **vars(found), **said})
    else:
        for part in in_part(view):
            out.print(Text(part, style="yellow"))
        out.print(Text(found.sentence, style="bold"))
        out.print(theme_table(themes) if themes else Text(found.not_seen))
        if found.not_compared:
            out.print(Text(found.not_compared, style="dim"))


def in_part(view: View) -> list[str]:
    """Of run and anchor, whichever is a part of its dataset: what is missing in a part need not be in the whole."""
    from fac_core.jobs.parts import part_in_words, part_of

    found = []
    for info in dict.fromkeys((view.run, view.anchor)):
        if info.in_part:
            part = part_of(view.workspace, info)
            rest = (
                part_in_words(part)
                if part
                else f"A part: {counted(info.n_samples, 'sample')}. The rest was not asked for."
            )
            found.append(f"{info.name}: {rest}")
    return found


def _by(view: View, field: str, json: bool) -> None:
    from fac_core.themes.parts import parts

    found = parts(view.q, view.p, field)
    rows = (
        (
            in_line(part.value, 40),
            f"{part.deficit:+,.0f} ({part.deficit_low:+,.0f} to {part.deficit_high:+,.0f})",
            f"{part.anchor_share.value:.1%}",
            f"{part.data_share.value:.1%}",
            f"{part.q:.1g}",
        )
        for part in found
    )
    note = "q: at equal length of texts; 1 where only texts of other lengths differ."
    say(json, found, table([field, "samples short", "anchor", "data", "q"], rows), note)


@takes_view("argument")
def coverage(
    view: View,
    by: Annotated[str | None, typer.Option(help="Also by a metadata field of the anchor's samples, e.g. set.")] = None,
    versus: Annotated[list[str] | None, typer.Option(help="More runs to set beside it, at matched size.")] = None,
    closes: Annotated[str | None, typer.Option(help="Share of this seed's gaps that RUN closes.")] = None,
    json: Json = False,
) -> None:
    """FAC of a run against the anchor, with its interval; both presets beside it."""
    from fac_core.comparison import compare

    measured = view.coverage()
    document: dict[str, Any] = {
        **short(measured),
        "interval": view.interval(),
        "presets": {
            name: {"fac": None, "why": found} if isinstance(found, str) else short(found)
            for name, found in view.presets().items()
        },
    }
    if json:
        document["missing"] = [{"theme": one.name, "deficit": one.deficit, "q": one.q} for one in view.missing().themes]
    if by:
        document["by"] = view.parts(by)
    if versus:
        document["compared"] = [
            {**short(one.coverage), "mean_length": one.mean_length, "matched": one.matched}
            for one in compare(view, versus, match="samples")
        ]
    if closes:
        document["gap_closure"] = short(view.of(closes).gap_closure(view.run.run_id))
    if json:
        write_json(document)
    else:
        _print_coverage(measured, document)
        strongest = view.missing().themes[:3]
        out.print(theme_table(strongest) if strongest else "No theme is missing beyond chance (`fac missing`).")


@takes_view("argument", ranks=True)
def gaps(
    view: View,
    limit: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 20,
    why: Annotated[bool, typer.Option("--why", help="Only why they are missing, and what would mend it.")] = False,
    json: Json = False,
) -> None:
    """What the anchor has and the run lacks, by theme; of one the highest priority first."""
    from fac_core.gaps.gap_evidence import with_evidence

    if why:
        _why(view, json)
        return
    ranked = view.gaps()
    found = with_evidence(ranked.slice(0, limit), view.q, view.p, view.definition, view.relevant)
    more = f"{len(found):,} of {counted(len(ranked), 'gap')}; --limit shows more, `fac feature ID` one of them in full."
    none = "No gap: the run covers all that counts."
    say(json, found, gap_table(found) if len(found) else none, *([more] if len(ranked) > len(found) > 0 else []))


@takes_view()
def curve(
    view: View,
    kind: Annotated[
        str, typer.Argument(help="threshold (against δ), growth (samples) or count (samples a feature needs).")
    ] = "threshold",
    json: Json = False,
) -> None:
    """FAC as a function: of δ, of the number of samples, of the samples a feature needs."""
    curves = {"threshold": view.threshold_curve, "growth": view.growth_curve, "count": view.count_curve}
    if kind not in curves:
        raise WrongUse(f"There is no curve {kind!r}; choose {', '.join(curves)}.")
    points = curves[kind]()
    say(json, points, curve_table(points))


def short(result: Any) -> dict[str, Any]:
    """A result without its feature ids: `fac gaps` lists those."""
    return {f.name: v for f in dataclasses.fields(result) if not isinstance(v := getattr(result, f.name), tuple)}


def _why(view: View, json: bool) -> None:
    from fac_core.gaps.causes import REMEDIES, Cause, cause_counts

    found = view.causes()
    by_cause = cause_counts(found)
    rows = ((by_cause[cause], cause, REMEDIES[cause]) for cause in get_args(Cause))
    say(json, found, table(["gaps", "why", "what would mend it"], rows))


def _print_coverage(measured: Any, document: dict[str, Any]) -> None:
    """FAC in words, then what stands beside it."""
    interval, excluded = document["interval"], measured.excluded
    out.print(
        Text(f"FAC {measured.fac:.1%}", style="bold"),
        f" ({interval.low:.1%} to {interval.high:.1%}):"
        f" of {counted(measured.denominator, 'feature')} that occur in the anchor, {measured.numerator:,} fire in the run,"
        f" {len(measured.missing):,} are missing.",
    )
    lines = [
        f"run    {measured.run}: {counted(measured.n_samples, 'sample')}, {counted(measured.n_tokens, 'token')}",
        f"anchor {measured.anchor}: {counted(measured.anchor_n_samples, 'sample')}, {counted(measured.anchor_n_tokens, 'token')}",
        f"Not counted: {counted(excluded.dead, 'feature')} silent in the anchor, {counted(excluded.sink, 'sink')}, {excluded.dense:,} too"
        f" dense, {excluded.not_relevant:,} not relevant; in the run alone fire {counted(measured.n_extra, 'extra feature')}.",
    ]
    for name, preset in document["presets"].items():
        is_counted = preset["fac"] is not None
        said = f"FAC {preset['fac']:.1%}  ({preset['numerator']:,} of {preset['denominator']:,})" if is_counted else ""
        lines.append(f"  {name:<11} {said or 'undefined: ' + preset['why']}")
    for other in document.get("compared", []):
        matched = other["matched"]
        lines.append(
            f"  {other['run']}: FAC {other['fac']:.1%} at {counted(other['n_samples'], 'sample')} of {other['mean_length']:.0f}"
            f" tokens; {matched.mean:.1%} at {counted(matched.size, 'sample')} ({matched.low:.1%} to {matched.high:.1%})"
        )
    if "gap_closure" in document:
        closure = document["gap_closure"]
        lines.append(
            f"Gap closure {closure['closure']:.1%}: {closure['n_closed']:,} of the {counted(closure['n_gaps'], 'gap')} of"
            f" {closure['seed']} fire in {closure['synthetic']}. This is not FAC."
        )
    for line in lines:
        out.print(Text(line))
    if "by" in document:
        out.print(part_table("features at home in", document["by"]))


def theme_table(themes: tuple[Theme, ...]) -> Table:
    """One row a theme: how many samples it is about, the shares, and a text."""
    rows = (
        (
            place,
            one.name,
            f"{one.deficit:+,.0f} ({one.deficit_low:+,.0f} to {one.deficit_high:+,.0f})",
            f"{one.anchor_share.value:.1%}",
            f"{one.data_share.value:.1%}",
            one.texts[0].excerpt(_EXCERPT) if one.texts else "",
        )
        for place, one in enumerate(themes, 1)
    )
    return table(["", "theme", "samples short", "anchor", "data", "for example"], rows, whole=["samples short"])


def _show_theme(view: View, one: Theme, json: bool) -> None:
    words = view.states()["words"].to_pylist()
    rates = view.shortfall().select(["feature_id", "anchor_rate", "data_rate", "q", "state"]).to_pylist()
    features = [{**rates[f], "words": words[f]} for f in one.features]
    rows = (
        (f["feature_id"], f["words"], f"{f['anchor_rate']:.1%}", f"{f['data_rate']:.1%}", f["state"]) for f in features
    )
    lines = [f"  {text.belonging:.2f}  {text.excerpt(_EXCERPT)}" for text in one.texts]
    nearest = [f"  {text.belonging:.2f}  {text.excerpt(_EXCERPT)}" for text in one.nearest]
    say(
        json,
        {**vars(one), "features": features},
        f"{one.name}: {one.deficit:+,.0f} samples ({one.deficit_low:+,.0f} to {one.deficit_high:+,.0f}), q {one.q:.2g}",
        *([f"Named by {one.given.author}; also: {'; '.join(one.given.formerly)}"] if one.given else []),
        "Texts of the theme:",
        *lines,
        "The nearest on the other side:",
        *(nearest or ["  none"]),
        table(["feature", "words", "anchor", "data", "state"], rows),
    )
