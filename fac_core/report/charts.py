"""Charts as inline SVG: small pure functions, no library, so that a report is one light file that needs no script."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

_WIDTH, _HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 10, 36
_TICKS = 4
COLOURS = ("#3b7dd8", "#c27c0e", "#cc4a6b", "#2f8f6b", "#7a5cc4")
"""Of kinds of marks; where there are more kinds, other shapes begin them anew."""
_SHAPES = ("circle", "square", "triangle", "diamond")
_LEGEND, _LEGEND_LINE = 150, 15
_ALONE = "text{font:11px sans-serif;fill:#333}.title{font-weight:bold}.grid{stroke:#ddd}.paper{fill:#fff}"
"""Looks of a chart that is a file of its own; in a report the page says how charts look."""


def line(
    x: Sequence[float],
    y: Sequence[float],
    *,
    x_title: str,
    alt: str,
    band: tuple[Sequence[float], Sequence[float]] | None = None,
    mark: tuple[float, str] | None = None,
) -> str:
    """A curve of shares 0..1 over x from 0 on, with a band and a vertical mark if given."""
    ends: list[float] = [*x, *([mark[0]] if mark else [])]
    most = max(ends, default=0.0) or 1.0

    def at_x(value: float) -> float:
        return _LEFT + value / most * (_WIDTH - _LEFT - _RIGHT)

    def at_y(value: float) -> float:
        return _TOP + (1 - value) * (_HEIGHT - _TOP - _BOTTOM)

    def points(xs: Sequence[float], ys: Sequence[float]) -> str:
        return " ".join(f"{at_x(a):.1f},{at_y(b):.1f}" for a, b in zip(xs, ys, strict=True))

    parts = []
    for i in range(_TICKS + 1):
        share, value = i / _TICKS, i / _TICKS * most
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at_y(share):.1f}" y2="{at_y(share):.1f}"/>'
        )
        parts.append(f'<text x="{_LEFT - 6}" y="{at_y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>')
        anchor = "end" if i == _TICKS else "middle"  # the last one would be cut off
        parts.append(f'<text x="{at_x(value):.1f}" y="{_HEIGHT - 20}" text-anchor="{anchor}">{_short(value)}</text>')
    parts.append(
        f'<text x="{(_LEFT + _WIDTH) / 2}" y="{_HEIGHT - 4}" text-anchor="middle">{html.escape(x_title)}</text>'
    )
    if band:
        low, high = band
        parts.append(f'<polygon class="band" points="{points([*x, *reversed(x)], [*high, *reversed(low)])}"/>')
    parts.append(f'<polyline class="curve" points="{points(x, y)}"/>')
    if mark:
        where, name = mark
        parts.append(
            f'<line class="mark" x1="{at_x(where):.1f}" x2="{at_x(where):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        )
        parts.append(f'<text x="{at_x(where) + 4:.1f}" y="{_TOP + 10}">{html.escape(name)}</text>')
    return _svg(_WIDTH, _HEIGHT, alt, parts)


def share_bar(covered: int, missing: int, *, alt: str, width: int = 180, height: int = 12) -> str:
    """A bar of two parts: covered is solid, missing is hatched."""
    total = max(1, covered + missing)
    split = width * covered / total
    return _svg(
        width,
        height,
        alt,
        [
            f'<rect class="covered" x="0" y="0" width="{split:.1f}" height="{height}"/>',
            f'<rect class="missing" x="{split:.1f}" y="0" width="{width - split:.1f}" height="{height}"/>',
        ],
    )


def scatter(points: Sequence[tuple[float, float, str]], *, title: str, x_title: str, y_title: str) -> str:
    """Marks at `(x, y, kind)` as a file of its own; hovering over a mark shows its kind and numbers.

    >>> scatter([(0.5, 0.25, "a & b")], title="t", x_title="x", y_title="y").count("a &amp; b")
    2
    """
    kinds = list(dict.fromkeys(kind for *_, kind in points))
    at_x, x_ticks = _axis([x for x, _, _ in points], _LEFT, _WIDTH - _RIGHT)
    at_y, y_ticks = _axis([y for _, y, _ in points], _HEIGHT - _BOTTOM, _TOP + 16)
    height = max(_HEIGHT, 40 + _LEGEND_LINE * len(kinds))
    parts = ['<rect class="paper" width="100%" height="100%"/>', _text(_LEFT, 14, title, "start", 'class="title"')]
    for value in y_ticks:
        y = at_y(value)
        parts += [
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
            _text(_LEFT - 6, y + 4, f"{value:.2f}", "end"),
        ]
    parts += [_text(at_x(value), _HEIGHT - 20, f"{value:.2f}", "middle") for value in x_ticks]
    parts.append(_text((_LEFT + _WIDTH) / 2, _HEIGHT - 4, x_title, "middle"))
    parts.append(
        _text(0, 0, y_title, "middle", f'transform="translate(10 {(_TOP + _HEIGHT - _BOTTOM) / 2}) rotate(-90)"')
    )
    for x, y, kind in points:
        name = f"<title>{html.escape(kind)}: {x:.3f}, {y:.3f}</title>"
        parts.append(_mark(kinds.index(kind), at_x(x), at_y(y), name))
    for number, kind in enumerate(kinds):
        y = 30 + _LEGEND_LINE * number
        parts += [_mark(number, _WIDTH + 8, y), _text(_WIDTH + 18, y + 4, kind, "start")]
    return _svg(_WIDTH + _LEGEND, height, title, [f"<style>{_ALONE}</style>", *parts], alone=True)


def dots(rows: Sequence[tuple[str, str, tuple[float, float, float]]], *, title: str, x_title: str) -> str:
    """Values with intervals as a file of its own: a band a group, in it a mark a kind, one below the other.

    Args:
        rows: group, kind, and value with the two ends of its interval.

    >>> dots([("a", "b", (0.5, 0.4, 0.6))], title="t", x_title="x").count("<circle")
    2
    """
    groups, kinds = list(dict.fromkeys(g for g, *_ in rows)), list(dict.fromkeys(k for _, k, _ in rows))
    left, step, top = 90, 9, 26
    band = step * len(kinds) + 14
    bottom = top + max(band * len(groups), _LEGEND_LINE * len(kinds))
    at_x, ticks = _axis([end for *_, three in rows for end in three] or [0.0], left, left + _WIDTH)
    parts = ['<rect class="paper" width="100%" height="100%"/>', _text(6, 16, title, "start", 'class="title"')]
    for value in ticks:
        x = at_x(value)
        parts += [
            f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>',
            _text(x, bottom + 14, f"{value:.2f}", "middle"),
        ]
    parts.append(_text(left + _WIDTH / 2, bottom + 30, x_title, "middle"))
    for number, group in enumerate(groups):
        y = top + band * number
        parts.append(_text(left - 8, y + band / 2 + 4, group, "end"))
        parts.append(f'<line class="grid" x1="{left}" x2="{left + _WIDTH}" y1="{y}" y2="{y}"/>')
    for group, kind, (value, low, high) in rows:
        number = kinds.index(kind)
        y = top + band * groups.index(group) + 11 + step * number
        colour = COLOURS[number % len(COLOURS)]
        name = f"<title>{html.escape(f'{group}, {kind}')}: {value:.3f} ({low:.3f} to {high:.3f})</title>"
        parts.append(
            f'<line x1="{at_x(low):.1f}" x2="{at_x(high):.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="1.5"/>'
        )
        parts.append(_mark(number, at_x(value), y, name))
    for number, kind in enumerate(kinds):
        y = top + 10 + _LEGEND_LINE * number
        parts += [_mark(number, left + _WIDTH + 14, y), _text(left + _WIDTH + 24, y + 4, kind, "start")]
    return _svg(left + _WIDTH + 270, bottom + 38, title, [f"<style>{_ALONE}</style>", *parts], alone=True)


def _axis(values: Sequence[float], first: float, last: float) -> tuple[Callable[[float], float], list[float]]:
    """Where a value stands, between two coordinates, with a little room at both ends; and the values of the ticks."""
    room = 0.04 * (max(values) - min(values)) or 0.5
    low, high = min(values) - room, max(values) + room
    ticks = [low + i / _TICKS * (high - low) for i in range(_TICKS + 1)]
    return lambda value: first + (value - low) / (high - low) * (last - first), ticks


def _mark(kind: int, x: float, y: float, inside: str = "") -> str:
    """A kind has a colour and a shape: colours first."""
    shape = {
        "circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>',
        "square": f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6"/>',
        "triangle": f'<path d="M{x:.1f} {y - 4:.1f}l4 7h-8z"/>',
        "diamond": f'<path d="M{x:.1f} {y - 4.5:.1f}l4 4.5-4 4.5-4-4.5z"/>',
    }[_SHAPES[kind // len(COLOURS) % len(_SHAPES)]]
    return f'<g fill="{COLOURS[kind % len(COLOURS)]}" fill-opacity="0.75">{inside}{shape}</g>'


def _text(x: float, y: float, text: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{html.escape(text)}</text>'


def _svg(width: int, height: int, alt: str, parts: Sequence[str], *, alone: bool = False) -> str:
    """The picture; one that is a file of its own says what it is."""
    space = 'xmlns="http://www.w3.org/2000/svg" ' if alone else ""
    return (
        f'<svg {space}viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{html.escape(alt, quote=True)}">{"".join(parts)}</svg>'
    )


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
