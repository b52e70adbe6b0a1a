"""Text on the deepest heat is legible in both themes (WCAG AA: 4.5 to 1)."""

from __future__ import annotations

import pytest

from fac_core.report.token_heat import contrast_on_heat

PAGES = {"light": ((255, 255, 255), (49, 51, 63)), "dark": ((14, 17, 23), (250, 250, 250))}
"""Theme -> colours of page and text, Streamlit's own."""


@pytest.mark.parametrize("theme", PAGES)
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.3, 0.6, 1.0])
def test_text_on_heat_is_legible_at_every_strength(theme, ratio):
    page, text = PAGES[theme]
    assert contrast_on_heat(ratio, page, text) >= 4.5


def test_heat_is_seen_against_the_page_at_full_strength():
    for page, _ in PAGES.values():
        assert contrast_on_heat(1.0, page, page) >= 1.5


def test_contrast_is_that_of_the_standard():
    assert contrast_on_heat(0.0, (255, 255, 255), (0, 0, 0)) == pytest.approx(21, abs=3)  # nearly white
