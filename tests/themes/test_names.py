"""Names of themes: a person's holds, they find their theme again, and nothing that was ever said is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fac_core.errors import Conflict, WrongUse
from fac_core.store.events import EventLog
from fac_core.themes.names import LONGEST_NAME, ThemeNames, in_one_line
from tests.dashboard.themes import a_theme, an_answer

LAW, BONES = a_theme("court, judge", tuple(range(10)), 40), a_theme("bone, blood", tuple(range(20, 30)), 20)


@pytest.fixture
def names(tmp_path):
    return ThemeNames(EventLog(tmp_path / "log.sqlite"), "space")


def called(names, *themes):
    return [theme.name for theme in names.over(an_answer(*themes)).themes]


def borne(names, theme):
    """The theme with the name that it bears."""
    return names.over(an_answer(theme)).themes[0]


def test_without_names_the_answer_is_the_one_that_it_was(names):
    answer = an_answer(LAW, BONES)
    assert names.over(answer) is answer


def test_a_person_s_name_is_in_the_sentence_and_says_who_gave_it(names):
    names.rename(LAW, " court\n rulings ", author="Ann")
    found = names.over(an_answer(LAW, BONES, surplus=(a_theme("tales", (50,)),)))
    assert found.sentence == "Your data lacks *court rulings* and *bone, blood*; it has more *tales* than the anchor."
    first, second = found.themes
    assert (first.named_by, first.given.author, first.given.formerly) == ("person", "Ann", ("court, judge",))
    assert (second, second.given) == (BONES, None)
    assert replace(first, name=LAW.name, named_by="words", given=None) == LAW


def test_a_surplus_bears_its_name_too(names):
    names.rename(BONES, "anatomy", author="Ann")
    found = names.over(an_answer(LAW, surplus=(BONES,)))
    assert [theme.name for theme in (*found.themes, *found.surplus)] == ["court, judge", "anatomy"]


def test_a_person_s_name_holds_over_a_later_one_of_a_model(names):
    assert names.record([(LAW, "legal texts"), (BONES, "medicine")], model="m", prompt="theme@1") == 2
    assert called(names, LAW, BONES) == ["legal texts", "medicine"]
    names.rename(borne(names, LAW), "court rulings", author="Ann")
    assert names.record([(borne(names, LAW), "law"), (BONES, "medicine")], model="m", prompt="theme@1") == 1
    assert called(names, LAW, BONES) == ["court rulings", "medicine"]
    assert borne(names, LAW).names == ("court rulings", "court, judge", "legal texts", "law")
    assert [event.payload["text"] for event in names.history(LAW)] == ["legal texts", "court rulings", "law"]


def test_an_undo_brings_up_what_the_theme_was_called_before(names):
    names.record([(LAW, "legal texts")], model="m", prompt="theme@1")
    for name in ("court rulings", "courts"):
        names.rename(borne(names, LAW), name, author="Ann")
    for before in ("court rulings", "legal texts", "court, judge"):
        names.undo(borne(names, LAW), author="Bob")
        assert called(names, LAW) == [before]
    with pytest.raises(WrongUse, match="Nobody has named"):
        names.undo(borne(names, LAW), author="Bob")
    names.rename(LAW, "again", author="Ann")
    assert called(names, LAW) == ["again"]


def test_who_looked_before_somebody_else_named_it_is_told(names):
    seen = names.version(LAW)
    names.rename(LAW, "court rulings", author="Ann", seen=seen)
    with pytest.raises(Conflict, match="Ann decided"):
        names.rename(LAW, "contracts", author="Bob", seen=seen)
    shown = borne(names, LAW)
    names.rename(shown, "courts", author="Ann")
    with pytest.raises(Conflict):
        names.undo(shown, author="Bob")
    assert called(names, LAW) == ["courts"]


def test_a_theme_that_is_found_again_gets_its_name_back_from_half_of_its_features_on(names):
    names.rename(LAW, "court rulings", author="Ann")
    again = replace(LAW, name="judge, jury", features=(9, 8, 7, 6, 5, 100, 101, 102, 103, 104, 105, 106))
    other = replace(again, features=(9, 8, 7, 6, 100, 101, 102, 103, 104, 105))
    small = replace(again, features=(9,))
    assert called(names, again) == ["court rulings"]
    assert called(names, other) == called(names, small) == ["judge, jury"]


def test_a_theme_that_drifted_keeps_its_item_when_it_is_renamed(names):
    names.rename(LAW, "court rulings", author="Ann")
    again = replace(LAW, features=(*range(5), *range(100, 105)))
    names.rename(borne(names, again), "courts", author="Ann")
    assert [name.text for name in names.all()] == ["courts"]
    assert called(names, replace(LAW, features=tuple(range(100, 110)))) == ["courts"]


def test_a_name_goes_to_the_best_match_alone(names):
    names.rename(LAW, "court rulings", author="Ann")
    near = replace(LAW, name="judge, jury", features=(*range(6), *range(100, 104)))
    assert called(names, near, LAW) == ["judge, jury", "court rulings"]


def test_two_names_that_match_are_a_person_s_before_the_better_one_of_a_model(names):
    near = replace(LAW, features=(*range(6), *range(100, 104)))
    names.rename(near, "court rulings", author="Ann")
    names.record([(LAW, "legal texts")], model="m", prompt="theme@1")
    assert called(names, LAW) == ["court rulings"]


def test_two_themes_of_one_name_can_be_told_apart(names):
    names.record([(LAW, "other"), (BONES, "other")], model="m", prompt="theme@1")
    assert called(names, LAW, BONES) == ["other (court, judge)", "other (bone, blood)"]
    assert called(names, LAW, a_theme("other", (50,))) == ["other (court, judge)", "other"]


def test_names_hold_for_one_space(names, tmp_path):
    names.rename(LAW, "court rulings", author="Ann")
    assert called(ThemeNames(EventLog(tmp_path / "log.sqlite"), "other space"), LAW) == ["court, judge"]


@pytest.mark.parametrize("text", ["", " \n", "\x1b\x07", "…", "\u202e", "x" * (LONGEST_NAME + 1)])
def test_what_is_no_name_is_refused(names, text):
    with pytest.raises(WrongUse, match="1 to 60 characters"):
        names.rename(LAW, text, author="Ann")
    assert names.all() == ()


def test_a_model_s_name_is_cut_and_what_is_none_is_left_out(names):
    assert names.record([(LAW, "x" * 500), (BONES, "\x00")], model="m", prompt="theme@1") == 1
    assert called(names, LAW, BONES) == ["x" * LONGEST_NAME, "bone, blood"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("a\u2028b\tc", "a b c"), ("\x1b[31mred", "[31mred"), ("می\u200cخواهم", "می\u200cخواهم"), ("\ud800a", "a"), ("a\u202eb", "a b")],
)  # fmt: skip
def test_a_name_is_one_line_of_characters_that_can_be_shown(text, name):
    assert in_one_line(text) == name
