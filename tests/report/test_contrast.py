"""Text on the deepest heat is legible in both themes (WCAG AA: 4.5 to 1)."""

from __future__ import annotations

import re

import pytest

from fac_core.evidence.examples import TokenValue
from fac_core.report.token_heat import token_heat

PAGES = {"light": ((255, 255, 255), (49, 51, 63)), "dark": ((14, 17, 23), (250, 250, 250))}
"""Theme -> colours of page and text, Streamlit's own."""


def contrast(ratio: float, page: tuple[int, int, int], text: tuple[int, int, int]) -> float:
    """Of text on a token of a strength 0..1, by WCAG 2: 1 is none, 4.5 legible, 21 black on white."""
    drawn = re.search(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", token_heat("w", [TokenValue(0, 1, ratio)], 1.0))
    assert drawn
    *orange, alpha = map(float, drawn.groups())
    heat = tuple(alpha * colour + (1 - alpha) * below for colour, below in zip(orange, page, strict=True))
    low, high = sorted((luminance(heat), luminance(text)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", PAGES)
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_text_on_heat_is_legible_at_every_strength(theme, ratio):
    page, text = PAGES[theme]
    assert contrast(ratio, page, text) >= 4.5


def test_heat_is_seen_against_the_page_at_full_strength():
    for page, _ in PAGES.values():
        assert contrast(1.0, page, page) >= 1.5


def test_contrast_is_that_of_the_standard():
    assert contrast(0.0, (255, 255, 255), (0, 0, 0)) == pytest.approx(21, abs=3)  # nearly white
