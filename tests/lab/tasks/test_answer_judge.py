"""Verdicts are asked in both orders and read at equal length; demands are checked by programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from fac_core.errors import FacError, WrongUse
from fac_core.generators.seam import Answer, Request
from fac_core.lab.tasks.answer_judge import judge
from fac_core.lab.tasks.checks import checks, share_held


class Judge:
    """A judge with a rule: `(first, second) -> what it says`."""

    name = "rule"

    def __init__(self, rule: Callable[[str, str], str]) -> None:
        self.rule = rule

    def generate(self, requests: Sequence[Request], *, on_answer=lambda _i, _a: None) -> list[Answer]:
        answers: list[Answer] = []
        for request in requests:
            _, rest = request.messages[0].content.split("### Answer 1\n")
            first, second = rest.split("\n\nReply")[0].split("\n\n### Answer 2\n")
            answers.append(Answer((self.rule(first, second),)))
            on_answer(len(answers) - 1, answers[-1])
        return answers


PAIRS = (["do it"] * 20, ["good " * (1 + i % 4) for i in range(20)], ["bad " * (1 + i // 5) for i in range(20)])


def test_a_judge_that_sees_the_difference_is_heard_in_both_orders():
    found = judge(Judge(lambda a, _b: "1" if "good" in a else "2"), *PAIRS)
    assert (found.win_rate, found.consistency, found.n_pairs) == (1, 1, 20)


def test_a_judge_that_always_likes_the_first_answer_says_nothing():
    found = judge(Judge(lambda _a, _b: "1"), *PAIRS)
    assert (found.win_rate, found.consistency) == (0.5, 0)


def test_a_judge_that_likes_length_is_corrected_for_it():
    longer_mostly = [["good " * (5 if i < 16 else 1) for i in range(20)], ["bad " * 3] * 20]
    found = judge(Judge(lambda a, b: "1" if len(a.split()) > len(b.split()) else "2"), PAIRS[0], *longer_mostly)
    assert found.win_rate == 0.8
    assert abs(found.length_controlled - 0.5) < abs(found.win_rate - 0.5)


def test_verdicts_that_cannot_be_read_are_counted_and_none_at_all_is_an_error():
    def hesitant(a: str, b: str) -> str:
        return "1" if "good good" in a else "2" if "good good" in b else "perhaps 1 or 2"

    found = judge(Judge(hesitant), *PAIRS)
    assert (found.n_failed, found.n_pairs, found.win_rate) == (5, 15, 1)
    with pytest.raises(FacError, match="no verdict"):
        judge(Judge(lambda _a, _b: "both"), *PAIRS)
    with pytest.raises(WrongUse, match="no pair"):
        judge(Judge(lambda _a, _b: "1"), [], [], [])


@pytest.mark.parametrize(
    ("demand", "good", "bad"),
    [
        ("two sentences", "It is wide. It is deep.", "It is wide."),
        ("at most 20 words", "Short.", "word " * 21),
        ("three bullets", "- a\n- b\n- c", "- a\n- b"),
        ("no commas", "wide and deep", "wide, deep"),
        ("capitals", "WIDE", "Wide"),
        ("ends so", "Wide. That is all.", "That is all. Wide."),
        ("has the word", "It is Always wide", "halways"),
        ("JSON", '{"answer": 1}', "[1]"),
    ],
)
def test_a_demand_is_told_met_from_unmet(demand, good, bad):
    (check, *_) = (c for c in checks() if c.demand == demand)
    assert share_held([check, check, check], [good, bad, " "]) == pytest.approx(1 / 3)
