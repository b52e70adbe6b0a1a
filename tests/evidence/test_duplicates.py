"""Duplicates fold into the first of their kind, are counted, and come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fac_core.evidence.duplicates import fold, unfold
from fac_core.evidence.examples import Example

LONG = "the court of appeals heard the case of the tenant against the landlord on a rainy monday morning in may"


def example(text: str, sample_id: int = 0) -> Example:
    return Example(sample_id, 1.0, text, {}, None, ())


def folded(*texts: str) -> list[list[str]]:
    found = fold([example(text, i) for i, text in enumerate(texts)])
    return [[one.example.text, *(other.text for other in one.duplicates)] for one in found]


def test_the_same_text_is_shown_once_and_counted():
    assert folded("a b", "c d", "a b", "a b") == [["a b", "a b", "a b"], ["c d"]]


@pytest.mark.parametrize("twin", ["THE court.", "the  court", "the\ncourt!"])
def test_case_spacing_and_punctuation_make_no_other_text(twin):
    assert len(folded("the court", twin)) == 1


def test_one_word_more_in_a_long_text_is_nearly_the_same_but_another_end_is_not():
    assert len(folded(LONG, f"{LONG} 2020")) == 1
    assert len(folded(LONG, f"{LONG[:40]} and then something else altogether happened to everyone in the room")) == 2


def test_numbers_tell_texts_apart():
    assert len(folded("3 plus 4", "5 plus 6")) == 2


def test_texts_without_a_word_are_only_the_same_as_themselves():
    assert folded("!?", "…", "", "!?") == [["!?", "!?"], ["…"], [""]]


@given(st.lists(st.sampled_from(["a b c", "A b c!", "d", "", LONG, f"{LONG} x"])))
def test_folding_loses_no_example_and_keeps_the_order_of_the_first_ones(texts):
    examples = [example(text, i) for i, text in enumerate(texts)]
    found = fold(examples)
    assert sorted(e.sample_id for e in unfold(found)) == list(range(len(texts)))
    assert [one.example.sample_id for one in found] == sorted(one.example.sample_id for one in found)
