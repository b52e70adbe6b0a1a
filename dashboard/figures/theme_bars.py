"""A theme as two bars: how many texts of the anchor and of the data are of it, with intervals. Pure; words are untrusted."""

from __future__ import annotations

import html

from fac_core.themes.theme import Share, Theme

_ANCHOR, _DATA = "#868e99", "#3b7dd8"
"""Legible on a light and on a dark page; each bar has its name before it too."""

_WHISKER = (
    "border-left:1.5px solid currentColor;border-right:1.5px solid currentColor;"
    "background:linear-gradient(currentColor,currentColor) center/100% 1.5px no-repeat"
)
"""Of a box as wide as the interval: a line between two ends."""
_TEXT = '<div style="flex:1 1 14rem;min-width:0;overflow-wrap:anywhere;font-size:0.85rem;opacity:0.8">“{}”</div>'


def theme_html(theme: Theme, longest: float) -> str:
    """Name, deficit, both bars and, where the theme has one, a real text, as HTML that fits any width.

    Args:
        longest: the share, 0 to 1, that fills the width: the same for all themes that stand below each other.
    """
    bars = "".join(
        _bar(name, share, longest, colour)
        for name, share, colour in (("anchor", theme.anchor_share, _ANCHOR), ("your data", theme.data_share, _DATA))
    )
    deficit = f'<span style="display:inline-block;font-size:0.85rem">{deficit_in_words(theme)}</span>'
    text = _TEXT.format(html.escape(theme.texts[0].excerpt())) if theme.texts else ""
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:0.15rem 1.25rem;align-items:center;line-height:1.35">'
        '<div style="flex:1.2 1 17rem;min-width:0">'
        f'<div style="overflow-wrap:anywhere"><b>{html.escape(theme.name)}</b> {deficit}</div>{bars}</div>{text}</div>'
    )


def longest_of(*themes: Theme) -> float:
    """The share that fills the width of a picture of some themes: the upper end of the largest interval."""
    return max((share.high for theme in themes for share in (theme.anchor_share, theme.data_share)), default=1.0)


def deficit_in_words(theme: Theme) -> str:
    """How many samples the data is short of, or has too many of, with the 95 % interval.

    >>> deficit_in_words(view.missing().themes[0])
    '8 samples short (5 to 8)'
    """
    n, ends = abs(theme.deficit), sorted((abs(theme.deficit_low), abs(theme.deficit_high)))
    return f"{n:,.0f} samples {'short' if theme.deficit >= 0 else 'more'} ({ends[0]:,.0f} to {ends[1]:,.0f})"


def _bar(name: str, share: Share, longest: float, colour: str) -> str:
    at, low, high = (f"{100 * value / (longest or 1.0):.2f}%" for value in (share.value, share.low, share.high))
    says = f"{name}: {share.value:.1%} of the texts, 95 % interval {share.low:.1%} to {share.high:.1%}"
    return (
        f'<div style="display:flex;align-items:center;gap:0.5rem;font-size:0.8rem" title="{says}">'
        f'<span style="flex:0 0 4rem;opacity:0.8">{name}</span>'
        f'<div role="img" aria-label="{says}" style="flex:1;min-width:0;position:relative;height:0.75rem">'
        f'<div style="width:{at};height:100%;background:{colour};border-radius:2px"></div>'
        f'<div style="position:absolute;left:{low};right:calc(100% - {high});top:25%;height:50%;{_WHISKER}"></div></div>'
        f'<span style="flex:0 0 3.2rem;text-align:right;font-variant-numeric:tabular-nums">{share.value:.1%}</span></div>'
    )
