"""A scatter plot as a small SVG, for documents: a metric of training sets against the score they gave."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from fac_core.lab.study.study_files import Study

_WIDTH, _HEIGHT, _MARGIN = 420, 300, 46
_SHAPES = ("circle", "square", "triangle", "diamond")
_COLOURS = ("#3b7dd8", "#c27c0e", "#cc4a6b", "#2f8f6b", "#7a5cc4")


def study_figure(study: Study) -> str:
    """The chosen definition against the score, one mark a test set; kinds differ by shape and colour."""
    test = study.sets.filter(np.array(study.sets["half"].to_pylist()) == "test")
    chosen, metric = study.summary["chosen"], study.summary["metric"]
    r = study.summary["test"][chosen]["pearson"]
    title = f"{study.config.name}: Pearson {r[0]:+.2f} ({r[1]:+.2f} to {r[2]:+.2f}), {len(test)} sets"
    points = list(zip(test[chosen].to_pylist(), test["score"].to_pylist(), test["kind"].to_pylist(), strict=True))
    return scatter(points, title=title, x=chosen, y=metric)


def scatter(points: Sequence[tuple[float, float, str]], *, title: str, x: str, y: str) -> str:
    """SVG of `(x, y, kind)`; hovering over a mark shows its kind and numbers."""
    kinds = list(dict.fromkeys(kind for *_, kind in points))
    (x0, x1), (y0, y1) = _range([a for a, _, _ in points]), _range([b for _, b, _ in points])

    def place(a: float, b: float) -> tuple[float, float]:
        across = _MARGIN + (a - x0) / (x1 - x0) * (_WIDTH - _MARGIN - 10)
        return across, _HEIGHT - _MARGIN - (b - y0) / (y1 - y0) * (_HEIGHT - _MARGIN - 30)

    marks = [
        f'<g fill="{_COLOURS[k % len(_COLOURS)]}" fill-opacity="0.75"><title>{escape(kind)}: {a:.3f}, {b:.3f}</title>'
        f"{_mark(_SHAPES[k // len(_COLOURS) % len(_SHAPES)], *place(a, b))}</g>"
        for a, b, kind in points
        for k in [kinds.index(kind)]
    ]
    ticks = [_tick(*place(a, y0), f"{a:.2f}", below=True) for a in np.linspace(x0, x1, 5)]
    ticks += [_tick(*place(x0, b), f"{b:.2f}", below=False) for b in np.linspace(y0, y1, 5)]
    legend = [
        f'<g fill="{_COLOURS[k % len(_COLOURS)]}">{_mark(_SHAPES[k // len(_COLOURS) % len(_SHAPES)], _WIDTH + 14, 36 + 15 * k)}</g>'
        f'<text x="{_WIDTH + 24}" y="{40 + 15 * k}" font-size="11">{escape(kind)}</text>'
        for k, kind in enumerate(kinds)
    ]
    (left, bottom), (right, top) = place(x0, y0), place(x1, y1)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH + 150}" height="{max(_HEIGHT, 50 + 15 * len(kinds))}"'
            ' font-family="sans-serif" fill="#333"><rect width="100%" height="100%" fill="#fff"/>',
            f'<text x="{_MARGIN}" y="16" font-size="13" font-weight="bold">{escape(title)}</text>',
            f'<path d="M{left:.1f} {top:.1f}V{bottom:.1f}H{right:.1f}" fill="none" stroke="#999"/>',
            f'<text x="{(left + right) / 2:.0f}" y="{_HEIGHT - 8}" font-size="12" text-anchor="middle">{escape(x)}</text>',
            f'<text transform="translate(12 {(top + bottom) / 2:.0f}) rotate(-90)" font-size="12" text-anchor="middle">{escape(y)}</text>',
            *ticks,
            *marks,
            *legend,
            "</svg>\n",
        ]
    )


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = 0.04 * (high - low) or 0.5
    return low - room, high + room


def _tick(x: float, y: float, text: str, *, below: bool) -> str:
    if below:
        return f'<text x="{x:.1f}" y="{y + 15:.1f}" font-size="10" text-anchor="middle">{text}</text>'
    return f'<text x="{x - 5:.1f}" y="{y + 3:.1f}" font-size="10" text-anchor="end">{text}</text>'


def _mark(shape: str, x: float, y: float) -> str:
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>'
    if shape == "square":
        return f'<rect x="{x - 3:.1f}" y="{y - 3:.1f}" width="6" height="6"/>'
    if shape == "triangle":
        return f'<path d="M{x:.1f} {y - 4:.1f}l4 7h-8z"/>'
    return f'<path d="M{x:.1f} {y - 4.5:.1f}l4 4.5-4 4.5-4-4.5z"/>'
