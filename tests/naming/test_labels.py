"""Labels: a person's word wins, and nothing that was ever said is lost."""

from __future__ import annotations

import pyarrow as pa
import pytest

from fac_core.errors import WrongUse
from fac_core.naming.labels import Labels, Names, trust_of
from fac_core.naming.lexical import LexicalLabel
from fac_core.naming.trust import Trust
from fac_core.store.events import EventLog
from fac_core.store.runs.shipped_space import LABELS


@pytest.fixture
def labels(tmp_path):
    return Labels(EventLog(tmp_path / "log.sqlite"), "space")


def lexical(text: str, f1: float = 0.8) -> LexicalLabel:
    return LexicalLabel("on", text, (text,), (1, 2), Trust("words", f1, f1, f1, 5, 5))


def test_a_label_keeps_where_it_comes_from(labels):
    assert labels.record({7: lexical("court")}) == 1
    label = labels.all()[7]
    assert (label.text, label.method, label.seen, label.trust) == ("court", "lexical", (1, 2), lexical("court").trust)


def test_no_clear_label_is_not_recorded(labels):
    assert labels.record({7: LexicalLabel("none", "no clear label", (), (), None)}) == 0
    assert labels.all() == {}


def test_labelling_again_records_only_what_changed(labels):
    labels.record({7: lexical("court"), 8: lexical("law")})
    assert labels.record({7: lexical("court"), 8: lexical("judge")}) == 1
    assert [one.text for one in labels.history(8)] == ["law", "judge"]


def test_a_person_s_label_holds_over_a_later_machine_s(labels):
    labels.record({7: lexical("court")})
    labels.rename(7, "  courts of\nlaw ", author="Ann")
    labels.record({7: lexical("tribunal")})
    label = labels.all()[7]
    assert (label.text, label.method, label.author) == ("courts of law", "person", "Ann")
    assert [one.text for one in labels.history(7)] == ["court", "courts of law", "tribunal"]


def test_a_rename_can_be_taken_back(labels):
    labels.record({7: lexical("court")})
    event = labels.rename(7, "courts", author="Ann")
    labels.undo(event, author="Ann")
    assert labels.all()[7].text == "court"
    only = labels.rename(9, "new", author="Ann")
    labels.undo(only, author="Ann")
    assert 9 not in labels.all()


def test_taking_a_rename_back_after_a_machine_labelled_brings_the_newest_machine_label(labels):
    labels.record({7: lexical("court")})
    event = labels.rename(7, "courts", author="Ann")
    labels.record({7: lexical("tribunal")})
    labels.undo(event, author="Ann")
    assert labels.all()[7].text == "tribunal"


def test_taking_back_a_second_rename_brings_the_first_though_a_machine_came_between(labels):
    labels.rename(7, "first", author="Ann")
    labels.record({7: lexical("machine")})
    labels.undo(labels.rename(7, "second", author="Bob"), author="Bob")
    assert labels.all()[7].text == "first"


def test_a_new_score_of_the_same_words_is_recorded_with_its_run(labels):
    labels.record({7: lexical("court", 0.8)}, run_id="one")
    assert labels.record({7: lexical("court", 0.8)}, run_id="one") == 0
    assert labels.record({7: lexical("court", 0.6)}, run_id="two") == 1
    label = labels.all()[7]
    assert label.trust is not None
    assert (label.trust.f1, label.run_id) == (0.6, "two")


@pytest.mark.parametrize("text", ["", "   ", "x" * 201])
def test_an_empty_or_endless_label_is_refused(labels, text):
    with pytest.raises(WrongUse, match="characters"):
        labels.rename(7, text, author="Ann")


def test_spaces_do_not_share_labels(tmp_path, labels):
    labels.record({7: lexical("court")})
    assert Labels(EventLog(tmp_path / "log.sqlite"), "another").all() == {}


def test_a_person_is_trusted_and_a_machine_by_its_score(labels):
    labels.record({1: lexical("a", 0.9), 2: lexical("b", 0.5)})
    labels.rename(3, "c", author="Ann")
    assert trust_of(labels.all()) == {1: 0.9, 2: 0.5, 3: 1.0}


def test_the_names_of_lists_are_those_that_hold_after_every_event(labels):
    labels.record({1: lexical("a", 0.9)})
    assert labels.names() == Names({1: "a"}, {1: 0.9})
    event = labels.rename(1, "b", author="Ann")
    assert labels.names() == Names({1: "b"}, {1: 1.0})
    labels.undo(event, author="Ann")
    assert labels.names() == Names({1: "a"}, {1: 0.9})


def test_the_label_of_one_feature_is_the_one_that_holds_among_all(labels):
    labels.record({7: lexical("court"), 8: lexical("law")})
    labels.undo(labels.rename(7, "courts", author="Ann"), author="Ann")
    labels.rename(8, "statutes", author="Bob")
    assert {f: labels.of(f) for f in (7, 8)} == labels.all()
    assert labels.of(9) is None


def shipped(**texts: str) -> pa.Table:
    scores = {"method": "words", "f1": 0.8, "precision": 0.8, "recall": 0.8, "n_positive": 5, "n_negative": 5}
    return pa.Table.from_pylist(
        [{"feature_id": int(f[1:]), "text": text, **scores} for f, text in texts.items()], LABELS
    )


def test_of_a_shipped_and_an_own_label_the_one_that_scores_better_holds(labels):
    assert labels.record_shipped(shipped(f7="court", f8="law", f9="judge"), source="shipped with it") == 3
    labels.record({7: lexical("tribunal", 0.9), 8: lexical("rights", 0.7)})
    assert {f: one.text for f, one in labels.all().items()} == {7: "tribunal", 8: "law", 9: "judge"}
    assert (labels.of(9).author, labels.of(9).trust.f1) == ("shipped with it", 0.8)
    assert [one.text for one in labels.history(7)] == ["court", "tribunal"]
    labels.rename(8, "mine", author="Ann")
    assert labels.all()[8].text == "mine"


def test_a_space_with_any_label_takes_none_that_ship(labels):
    event = labels.rename(7, "mine", author="Ann")
    labels.undo(event, author="Ann")
    assert labels.record_shipped(shipped(f7="court"), source="shipped") == 0
    assert labels.all() == {}


@pytest.mark.parametrize(
    "payload", [{"text": "x"}, {"text": 3, "method": "person", "trust": None, "seen": [], "model": None}, {"a": 1}]
)
def test_an_event_that_is_no_label_of_ours_leaves_the_others(tmp_path, labels, payload):
    EventLog(tmp_path / "log.sqlite").append("space", "label", "3:person", payload, author="Eve", seen=0)
    EventLog(tmp_path / "log.sqlite").append("space", "label", "x", payload, author="Eve", seen=0)
    labels.record({7: lexical("court")})
    assert {feature: one.text for feature, one in labels.all().items()} == {7: "court"}
    assert labels.names().text == {7: "court"}
