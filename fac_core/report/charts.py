"""Charts as inline SVG: small pure functions, no library, so that a report is one light file that needs no script."""

from __future__ import annotations

import html
from collections.abc import Sequence

_WIDTH, _HEIGHT = 420, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 10, 36
_TICKS = 4


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


def _svg(width: int, height: int, alt: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{html.escape(alt, quote=True)}">{"".join(parts)}</svg>'
    )


def _short(value: float) -> str:
    if value >= 10_000:
        return f"{value / 1000:,.0f}k"
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.1f}"
