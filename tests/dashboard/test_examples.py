"""Groups of examples as HTML: escaped, scaled as they say, duplicates folded and brought back."""

from __future__ import annotations

import re

import pytest

from dashboard.components.examples import group_html, n_folded, title
from fac_core.evidence.duplicates import Distinct
from fac_core.evidence.examples import Example, TokenValue
from fac_core.evidence.groups import Evidence, Group
from tests.report.test_token_heat import Parsed, strength

HOSTILE = "<script>alert('x')</script> \"quoted\" ‏עברית é́ <0x0A>"


def example(text: str, activation: float, sample_id: int = 0, *, marked: bool = True, **metadata: str) -> Example:
    token = TokenValue(0, min(4, len(text)), activation)
    return Example(sample_id, activation, text, metadata, token if marked else None, (token,) if marked else ())


def evidence(*groups: Group) -> Evidence:
    return Evidence(7, "run", "id", 40, 10, 0.25, 4.0, 3, 10.0, 5.0, {0.5: 5.0}, (1, 2), groups)


def test_nothing_in_text_source_or_label_acts_as_markup():
    markup = group_html([Distinct(example(HOSTILE, 1.0, set="<img onerror=x>"))], "a<b>'\"", maximum=1.0, around=None)
    parsed = Parsed(markup)
    assert set(parsed.tags) <= {"ul", "li", "span", "div", "b"}
    assert HOSTILE in parsed.text
    assert "<img onerror=x>" in parsed.text
    assert 'aria-label="a&lt;b&gt;' in markup


def test_duplicates_are_counted_where_they_are_folded_and_shown_where_they_are_not():
    group = [Distinct(example("a court", 3.0), (example("A court", 2.0), example("a court.", 1.0)))]
    folded = group_html(group, "top", maximum=3.0, around=None)
    assert "2 more like it" in folded
    assert folded.count("<li") == 1
    unfolded = group_html(group, "top", maximum=3.0, around=None, unfolded=True)
    assert unfolded.count("<li") == 3
    assert "more like it" not in unfolded


def test_heat_is_relative_to_the_list_or_to_the_feature_as_chosen():
    group = [Distinct(example("abcd", 2.0)), Distinct(example("abcd e", 1.0))]
    of_list = strength(group_html(group, "top", maximum=None, around=None))
    of_feature = strength(group_html(group, "top", maximum=8.0, around=None))
    assert of_list[0][0] == 0.65  # full strength
    assert of_feature[0][0] < of_list[0][0]


def test_a_sample_without_stored_tokens_says_so_but_a_silent_one_has_none_to_store():
    shown = group_html([Distinct(example("weak", 0.5, marked=False))], "near", maximum=1.0, around=None)
    assert "not stored" in shown
    silent = group_html([Distinct(example("silent", 0.0, marked=False))], "silent", maximum=1.0, around=None)
    assert "not stored" not in silent
    assert "–" in re.sub(r"<[^>]+>", "", silent)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        (Group("top", 10, 1.0, None, None, ()), "**Top activations** · 10 of 10"),
        (Group("interval", 3, 0.3, 8.0, 10.0, ()), "**Interval 8.00 – 10.00** · contains 30.0%"),
        (Group("random", 10, 1.0, None, None, ()), "**Random positives** · of 10"),
        (Group("near miss", 2, 0.2, None, None, ()), "**Near misses** · 2 at or below δ 4.00, the highest first"),
        (Group("silent", 30, 0.75, None, None, ()), "**Silent** · 30 of 40 (75.0%), some at random"),
    ],
)
def test_a_heading_says_what_the_samples_have_in_common(group, words):
    assert title(evidence(group), group) == words


def test_folded_duplicates_are_counted_over_all_groups():
    twin = Distinct(example("a", 1.0), (example("a", 1.0),))
    assert n_folded(evidence(Group("top", 2, 1.0, None, None, (twin,)), Group("random", 2, 1.0, None, None, (twin,)))) == 2  # fmt: skip
