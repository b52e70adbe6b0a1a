"""The JSON object in an answer is found, however it is wrapped; where there is none, that is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fac_core.generators.json_answers import json_object


@pytest.mark.parametrize(
    "answer",
    [
        '{"label": "courts"}',
        'Sure, here it is:\n```json\n{"label": "courts"}\n```\nAnything else?',
        '{"label": "courts",}',
        '{"label": "courts" ,\n}\n{"label": "second"}',
        'A set {x | x > 0}, then {"label": "courts"}.',
        '<think>Maybe {"label": "nothing"}?</think>{"label": "courts"}',
    ],
)
def test_the_first_object_is_found(answer):
    assert json_object(answer) == {"label": "courts"}


def test_strings_keep_their_commas_and_line_breaks():
    assert json_object('{"a": "x, }", "b": "one\ntwo", "c": [1, 2,], }') == {"a": "x, }", "b": "one\ntwo", "c": [1, 2]}


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ('{"label": "the word "throw""}', 'the word "throw"'),
        ('{"label": "the word "the" in a sentence", }', 'the word "the" in a sentence'),
        ('{"label": "escaped \\"as it\\" should be"}', 'escaped "as it" should be'),
    ],
)
def test_quotation_marks_that_nobody_escaped_belong_to_the_string(answer, label):
    assert json_object(answer) == {"label": label}


@pytest.mark.parametrize(
    "answer",
    ["", "I cannot tell.", "{", '{"a": }', "[1, 2]", "{{{{", '"{"', "{" * 5000, '{"a": ' + "9" * 5000 + "}"],
)
def test_where_there_is_none_it_is_none(answer):
    assert json_object(answer) is None


def test_an_object_that_begins_behind_any_answer_of_some_length_is_not_looked_for():
    """A server may send gigabytes of what looks like the beginning of one."""
    assert json_object("x" * 99_000 + '{"a": 1}') == {"a": 1}
    assert json_object("x" * 100_000 + '{"a": 1}') is None


@given(st.text(alphabet='{}[]",:\\ a1\n`'))
def test_nothing_that_a_model_says_breaks_it(answer):
    found = json_object(answer)
    assert found is None or isinstance(found, dict)
