"""Favourites are a person's own, in the log, and can be let go."""

from __future__ import annotations

import pytest

from fac_core.curation.favourites import Favourites
from fac_core.errors import WrongUse
from fac_core.people.roles import refusal
from fac_core.store.workspace import Workspace


@pytest.fixture
def log(tmp_path):
    return Workspace.create(tmp_path / "w").events()


def test_what_is_kept_is_listed_the_newest_first_and_can_be_let_go(log):
    mine = Favourites(log, "space", "Ann")
    mine.keep("feature", "17")
    mine.keep("theme", "contracts: all")
    assert [(one.what, one.name) for one in mine.all()] == [("theme", "contracts: all"), ("feature", "17")]
    assert mine.has("feature", "17")
    mine.let_go("feature", "17")
    assert [one.name for one in mine.all()] == ["contracts: all"]
    mine.keep("feature", "17")
    assert [one.name for one in mine.all()] == ["17", "contracts: all"]


def test_a_list_is_its_persons_and_its_spaces(log):
    Favourites(log, "space", "Ann").keep("feature", "17")
    assert Favourites(log, "space", "Bob").all() == ()
    assert Favourites(log, "other space", "Ann").all() == ()
    Favourites(log, "space", "Bob").keep("feature", "17")
    Favourites(log, "space", "Ann").let_go("feature", "17")
    assert Favourites(log, "space", "Bob").has("feature", "17")


def test_keeping_twice_is_one_event(log):
    mine = Favourites(log, "space", "Ann")
    for _ in range(2):
        mine.keep("feature", "17")
        mine.let_go("feature", "3")
    assert len(log.history("space", "favourite")) == 1


@pytest.mark.parametrize(("author", "what", "name"), [("", "feature", "1"), ("Ann", "run", "1"), ("Ann", "theme", "")])
def test_what_cannot_be_kept_is_refused(log, author, what, name):
    with pytest.raises(WrongUse):
        Favourites(log, "space", author).keep(what, name)


def test_a_reviewer_may_keep_them():
    assert refusal("reviewer", "favourite", {}) == ""
    assert "keeping favourites takes a reviewer" in refusal("viewer", "favourite", {})
