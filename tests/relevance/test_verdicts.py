"""Verdicts of three judges stand beside each other; a person's word wins."""

from __future__ import annotations

import pytest

from fac_core.errors import BadInput, NotFound, WrongUse
from fac_core.relevance.rubric import built_in, rubric
from fac_core.relevance.verdicts import Relevance, Verdict, relevant_ids
from fac_core.store.events import EventLog


@pytest.fixture
def relevance(tmp_path):
    return Relevance(EventLog(tmp_path / "log.sqlite"), "space", "toxicity")


def verdict(feature, level, source):
    return Verdict(feature, level, source, f"{source} says so")


def test_a_person_wins_whoever_came_last(relevance):
    relevance.record({1: verdict(1, "no", "person")}, author="Ann")
    relevance.record({1: verdict(1, "yes", "statistic"), 2: verdict(2, "maybe", "statistic")}, author="statistic")
    relevance.record({1: verdict(1, "probably", "llm")}, author="model")
    assert {f: (v.level, v.source) for f, v in relevance.all().items()} == {
        1: ("no", "person"),
        2: ("maybe", "statistic"),
    }
    assert [v.source for v in relevance.of(1)] == ["person", "llm", "statistic"]


def test_a_judge_s_new_verdict_replaces_their_old_one(relevance):
    relevance.record({1: verdict(1, "no", "person")}, author="Ann")
    relevance.record({1: verdict(1, "yes", "person")}, author="Bob")
    assert relevance.all()[1].level == "yes"


def test_a_machine_that_repeats_itself_is_not_recorded_but_a_second_person_is(relevance):
    same = {1: verdict(1, "yes", "statistic"), 2: verdict(2, "yes", "person")}
    assert relevance.record(same, author="Ann") == 2
    assert relevance.record(same, author="Bob") == 1
    assert relevance.all()[2].author == "Bob"
    assert relevance.all()[2].at


def test_a_verdict_taken_back_lets_the_next_judge_s_hold(relevance):
    relevance.record({1: verdict(1, "no", "person")}, author="Ann")
    relevance.record({1: verdict(1, "yes", "statistic")}, author="statistic")
    judged = relevance.history(1)
    assert [event.author for event in judged] == ["Ann", "statistic"]
    relevance.undo(judged[0], author="Ann")
    assert relevance.all()[1].level == "yes"


def test_the_levels_are_those_of_the_verdicts_that_hold_after_every_event(relevance):
    relevance.record({1: verdict(1, "yes", "statistic"), 2: verdict(2, "maybe", "llm")}, author="statistic")
    assert relevance.levels() == {1: "yes", 2: "maybe"}
    relevance.record({1: verdict(1, "no", "person")}, author="Ann")
    assert relevance.levels() == {1: "no", 2: "maybe"}


def test_strictness_chooses_which_levels_count():
    levels = dict(enumerate(("yes", "probably", "maybe", "no")))
    assert relevant_ids(levels) == {0, 1, 2}
    assert relevant_ids(levels, "probably") == {0, 1}
    assert relevant_ids(levels, "yes") == {0}
    with pytest.raises(WrongUse, match="choose one of"):
        relevant_ids(levels, "sometimes")


def test_a_level_that_there_is_not_is_refused(relevance):
    with pytest.raises(WrongUse, match="choose one of"):
        relevance.record({1: verdict(1, "perhaps", "person")}, author="Ann")


def test_tasks_and_spaces_are_apart(tmp_path, relevance):
    relevance.record({1: verdict(1, "yes", "person")}, author="Ann")
    log = EventLog(tmp_path / "log.sqlite")
    assert Relevance(log, "space", "helpfulness").all() == {}
    assert Relevance(log, "another", "toxicity").all() == {}


def test_five_rubrics_ship_and_each_cites_its_source():
    assert built_in() == ["helpfulness", "instructions", "survival", "sycophancy", "toxicity"]
    for name in built_in():
        one = rubric(name)
        assert one.task == name
        assert one.question.endswith("?")
        assert "20" in one.source  # a year


def test_a_rubric_of_one_s_own_is_a_file(tmp_path):
    path = tmp_path / "law.toml"
    path.write_text(
        'task = "law"\ntitle = "Law"\nquestion = "Is it about law?"\ncriteria = ["courts"]\nsource = "us, 2026"\n'
    )
    assert rubric(path).criteria == ("courts",)
    path.write_text('task = "law"\n')
    with pytest.raises(BadInput, match=r"law\.toml: field 'title'"):
        rubric(path)
    path.write_text("task = law")
    with pytest.raises(BadInput, match="is not TOML"):
        rubric(path)
    path.write_bytes('task = "ü"'.encode("latin-1"))
    with pytest.raises(BadInput, match="in UTF-8"):
        rubric(path)
    with pytest.raises(NotFound, match="toxicity"):
        rubric("no-such-rubric")


def test_what_was_taken_back_is_no_judge_s_word_on_a_feature(relevance):
    relevance.record({1: verdict(1, "no", "person"), 2: verdict(2, "yes", "llm")}, author="Ann")
    relevance.undo(relevance.history(1)[0], author="Ann")
    assert relevance.of(1) == ()
    assert relevance.of(2) == (relevance.all()[2],)
