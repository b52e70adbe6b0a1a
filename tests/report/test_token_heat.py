"""Token heat: exact, escaped, and readable without colour."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.components.examples import st_text
from fac_core.evidence.examples import TokenValue
from fac_core.report.token_heat import token_heat


class Parsed(HTMLParser):
    """Tags and visible text of some HTML."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, _attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


TOKENS = st.lists(st.integers(0, 40), min_size=0, max_size=8, unique=True).map(sorted)


@given(st.text(max_size=40), TOKENS)
def test_the_text_comes_through_unchanged_and_brings_no_tag_of_its_own(text, cuts):
    cuts = [c for c in cuts if c <= len(text)]
    tokens = [TokenValue(a, b, 1.0) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    parsed = Parsed(token_heat(text, tokens, 1.0))
    assert parsed.text.replace("↵ ", "\n").replace("\r", "\n") == text.replace("\r", "\n").replace("↵ ", "\n")
    assert set(parsed.tags) <= {"div", "span"}
    assert parsed.tags.count("span") == len(tokens)


def test_a_script_in_a_sample_is_text():
    shown = token_heat("<script>alert(1)</script>", [TokenValue(0, 8, 1.0)], 1.0)
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def strength(markup: str) -> list[tuple[float, float]]:
    """Depth of the colour and thickness of the underline of each token."""
    return [(float(a), float(b)) for a, b in re.findall(r"rgba\(217,119,6,([\d.]+)\);border-bottom:([\d.]+)px", markup)]


def test_a_stronger_token_is_deeper_and_has_a_thicker_line():
    tokens = [TokenValue(0, 1, 0.1), TokenValue(1, 2, 0.5), TokenValue(2, 3, 1.0)]
    depths, lines = zip(*strength(token_heat("abc", tokens, 1.0)), strict=True)
    assert list(depths) == sorted(set(depths))
    assert list(lines) == sorted(set(lines))


def test_the_exact_value_is_in_the_tooltip_and_the_peak_is_bold():
    peak = TokenValue(4, 9, 1.23456)
    shown = token_heat("the court", [peak], 2.0, peak=peak)
    assert 'title="activation 1.235"' in shown
    assert "<b>court</b>" in shown


def test_a_window_is_cut_around_the_peak_and_says_so():
    text = "a" * 50 + "PEAK" + "b" * 50
    peak = TokenValue(50, 54, 1.0)
    parsed = Parsed(token_heat(text, [peak], 1.0, around=3, peak=peak))
    assert parsed.text == "…aaaPEAKbbb…"


@pytest.mark.parametrize("maximum", [0.0, 1.0, 100.0])
def test_strength_stays_in_bounds_whatever_the_maximum(maximum):
    ((depth, line),) = strength(token_heat("a", [TokenValue(0, 1, 5.0)], maximum))
    assert 0 < depth <= 0.85
    assert 0 < line <= 3.0


def test_untrusted_text_in_markdown_acts_as_nothing():
    assert st_text("**a** [b](c) `d`\n# e :red[f] $x$") == (
        r"\*\*a\*\* \[b\]\(c\) \`d\` \# e \:red\[f\] \$x\$"
    )  # fmt: skip
