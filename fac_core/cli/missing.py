"""`fac missing`: the answer, in words and themes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from fac_core.cli.options import Json, takes_view
from fac_core.cli.output import out, say, table
from fac_core.errors import WrongUse

if TYPE_CHECKING:
    from fac_core.themes.answer import Missing
    from fac_core.themes.theme import Theme
    from fac_core.view import View

_EXCERPT = 90
"""Characters of a text that a line shows."""


@takes_view("argument")
def missing(
    view: View,
    surplus: Annotated[bool, typer.Option("--surplus", help="What the run has more of than the anchor.")] = False,
    theme: Annotated[int | None, typer.Option(help="One theme, by its place: its features and texts.")] = None,
    json: Json = False,
) -> None:
    """What the run lacks: one sentence, then themes with how many samples it is short of."""
    found = view.missing()
    themes = found.surplus if surplus else found.themes
    if theme is not None:
        if not 1 <= theme <= len(themes):
            raise WrongUse(f"There is no theme {theme}; this run has {len(themes)}. `fac missing` lists them.")
        _show_theme(view, themes[theme - 1], json)
    elif json:
        say(True, {**vars(found), "sentence": found.sentence, "seen_from": found.seen_from})
    else:
        out.print(Text(found.sentence, style="bold"))
        out.print(theme_table(themes) if themes else Text(not_seen(found)))


def theme_table(themes: tuple[Theme, ...]) -> Table:
    """One row a theme: how many samples it is about, the shares, and a text."""
    rows = (
        (
            place,
            one.name,
            f"{one.deficit:+,.0f} ({one.deficit_low:+,.0f} to {one.deficit_high:+,.0f})",
            f"{one.anchor_share.value:.1%}",
            f"{one.data_share.value:.1%}",
            excerpt(one.texts[0].text if one.texts else ""),
        )
        for place, one in enumerate(themes, 1)
    )
    return table(["", "theme", "samples short", "anchor", "data", "for example"], rows, whole=["samples short"])


def not_seen(found: Missing) -> str:
    """What could have been seen: an answer of nothing is only worth that."""
    return (
        f"No theme differs beyond chance. With {found.n_samples:,} samples, one that is wholly missing shows from about"
        f" {found.seen_from:.1%} of the anchor on; smaller ones can hide."
    )


def excerpt(text: str) -> str:
    """The beginning of a text, on one line.

    >>> excerpt("a  b")
    'a b'
    """
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"


def _show_theme(view: View, one: Theme, json: bool) -> None:
    words = view.states()["words"].to_pylist()
    rates = view.shortfall().select(["feature_id", "anchor_rate", "data_rate", "q", "state"]).to_pylist()
    features = [{**rates[f], "words": words[f]} for f in one.features]
    rows = (
        (f["feature_id"], f["words"], f"{f['anchor_rate']:.1%}", f"{f['data_rate']:.1%}", f["state"]) for f in features
    )
    lines = [f"  {text.belonging:.2f}  {excerpt(text.text)}" for text in one.texts]
    nearest = [f"  {text.belonging:.2f}  {excerpt(text.text)}" for text in one.nearest]
    say(
        json,
        {**vars(one), "features": features},
        f"{one.name}: {one.deficit:+,.0f} samples ({one.deficit_low:+,.0f} to {one.deficit_high:+,.0f}), q {one.q:.2g}",
        "Texts of the theme:",
        *lines,
        "The nearest on the other side:",
        *(nearest or ["  none"]),
        table(["feature", "words", "anchor", "data", "state"], rows),
    )
