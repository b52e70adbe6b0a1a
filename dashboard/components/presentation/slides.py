"""The screens of a presentation and their order: the answer, then each theme from its texts to coverage after. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from fac_core.themes.theme import Theme

Part = Literal["answer", "theme", "texts", "sample", "proof", "after"]
WITHOUT_SAMPLE: tuple[Part, ...] = ("theme", "texts")
OF_THEME: tuple[Part, ...] = (*WITHOUT_SAMPLE, "sample", "proof", "after")
"""What is shown of a theme, one after another; where nothing was written for it, its first two."""


@dataclass(frozen=True)
class Slide:
    """One screen."""

    part: Part
    theme: Theme | None = None


def slides(themes: Sequence[Theme], written: Container[str]) -> tuple[Slide, ...]:
    """All screens, in their order.

    Args:
        written: names of the themes for which there is a text to show.
    """

    def in_order() -> Iterator[Slide]:
        yield Slide("answer")
        for theme in themes:
            for part in OF_THEME if theme.name in written else WITHOUT_SAMPLE:
                yield Slide(part, theme)

    return tuple(in_order())


def place_of(slides: Sequence[Slide], part: str | None, theme: str | None) -> int | None:
    """Where the screen is that a link names; None where there is no such one. A theme is known by its former names too."""
    if part is None and theme is None:
        return 0
    for place, slide in enumerate(slides):
        names = slide.theme.names if slide.theme else (None,)
        if slide.part == (part or "theme") and theme in names:
            return place
    return None
