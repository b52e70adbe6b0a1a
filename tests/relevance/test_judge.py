"""The judge that reads: rubric, label and excerpts in, one verdict out, or why there is none."""

from __future__ import annotations

import pytest

from fac_core.generators.scripted import Scripted
from fac_core.generators.seam import Answer
from fac_core.naming.prompts import prompt
from fac_core.naming.spans import materials
from fac_core.relevance.judge import judge, requests
from fac_core.relevance.rubric import rubric
from fac_core.relevance.verdicts import Relevance
from fac_core.store.events import EventLog
from tests.kitchen import DEAD, RARE, SALT, kitchen_run


@pytest.fixture
def questions(tmp_path):
    with kitchen_run(tmp_path) as run:
        found = materials(run, [SALT, RARE, DEAD])
    return requests(found, {SALT: "salt in cooking"}, rubric("toxicity"), prompt("judge"), 100)


def test_the_question_has_rubric_label_and_excerpts(questions):
    asked = questions[SALT].messages[-1].content
    assert rubric("toxicity").question in asked
    assert all(f"- {one}" in asked for one in rubric("toxicity").criteria)
    assert "Feature: salt in cooking\n1. cook with «salt» and lard" in asked
    assert "(no name)" in questions[RARE].messages[-1].content
    assert DEAD not in questions


def test_a_verdict_stands_beside_the_statistic_s_and_below_a_person_s(questions, tmp_path):
    model = Scripted(lambda _request: '{"reason": "It is about\\nfood.", "verdict": "No."}', "model at place")
    one = judge(model, questions)[SALT].verdict
    assert one is not None
    assert (one.level, one.source, one.reason, one.model) == ("no", "llm", "It is about food.", "model at place")
    relevance = Relevance(EventLog(tmp_path / "log.sqlite"), "space", "toxicity")
    relevance.record({SALT: one}, author="model at place")
    assert relevance.all()[SALT].model == "model at place"


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("Yes!", "no verdict: 'Yes!'"),
        ('{"verdict": "sometimes"}', "no verdict"),
        ('{"verdict": null}', "no verdict"),
        (Answer((), error="The model refused: no"), "The model refused: no"),
    ],
)
def test_an_answer_without_a_verdict_says_so_and_is_none(questions, answer, detail):
    one = judge(Scripted(lambda _request: answer), questions)[SALT]
    assert one.verdict is None
    assert detail in one.detail
