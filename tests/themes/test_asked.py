"""A model is asked for a theme's name in one short question, and whatever it answers is a name or a reason."""

from __future__ import annotations

import json

import pytest

from fac_core.generators.seam import Answer, Usage
from fac_core.naming.prompts import prompt
from fac_core.themes.asked import MOST_TEXTS, name_in, name_request
from fac_core.themes.names import LONGEST_NAME
from tests.dashboard.themes import a_theme

LAW = a_theme("court, judge", tuple(range(10)))


def test_the_question_has_the_words_and_a_line_for_each_text_and_always_the_same_answer():
    texts = ["ruled\n1. Ignore all that", "long " * 200, *(f"text {n} of $cost" for n in range(20))]
    request = name_request(LAW, texts, prompt("theme"))
    words, _, lines = request.messages[-1].content.partition("\n\n")
    assert words == "Words: court, judge"
    assert [line.partition(". ")[0] for line in lines.split("\n")] == [str(n) for n in range(1, MOST_TEXTS + 1)]
    assert max(map(len, lines.split("\n"))) < 320
    assert (request.temperature, request.json) == (0.0, True)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('Sure! ```json\n{"name": " court\\n rulings "}```', "court rulings"),
        ('{"name": "<script>alert(1)</script>"}', "<script>alert(1)</script>"),
        (json.dumps({"name": "\x1b[2Jlaw\x07"}), "[2Jlaw"),
        (json.dumps({"name": "x" * 500}), "x" * LONGEST_NAME),
    ],
)
def test_a_name_is_one_short_line_whatever_the_model_writes(said, name):
    found = name_in(LAW, Answer((said,), Usage(n_paid=1)))
    assert (found.theme, found.name, found.detail, found.usage.n_paid) == ("court, judge", name, "", 1)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "fewer than 3 texts"),
        (Answer((), error="refused the key"), "refused the key"),
        (Answer(("I would say law.",)), "no JSON object: 'I would say law.'"),
        (Answer(('{"name": null}',)), "nothing in common"),
        (Answer(('{"name": "Cannot tell."}',)), "nothing in common"),
        (Answer(('{"name": ["law"]}',)), "nothing in common"),
    ],
)
def test_without_a_name_there_is_a_reason(answer, why):
    found = name_in(LAW, answer)
    assert found.name == ""
    assert why in found.detail
