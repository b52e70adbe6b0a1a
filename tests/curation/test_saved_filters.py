"""Filters are found again under their name, by everybody, until somebody deletes them."""

from __future__ import annotations

import pytest

from fac_core.curation.saved_filters import SavedFilters
from fac_core.errors import WrongUse
from fac_core.store.events import EventLog


@pytest.fixture
def log(tmp_path) -> EventLog:
    return EventLog(tmp_path / "workspace.sqlite")


def test_a_name_is_there_for_everybody_and_says_whose_it_is(log):
    SavedFilters(log, "gaps").save(" law ", {"gq_words": "court", "gq_cause": ["never fires"]}, author="Ada")
    (one,) = SavedFilters(log, "gaps").all()
    assert (one.name, one.author) == ("law", "Ada")
    assert one.filters == {"gq_words": "court", "gq_cause": ["never fires"]}
    assert SavedFilters(log, "features").all() == []


def test_a_name_that_is_saved_again_stands_for_the_new_filters(log):
    saved = SavedFilters(log, "gaps")
    saved.save("law", {"gq_words": "court"}, author="Ada")
    saved.save("law", {"gq_words": "judge"}, author="Ben")
    assert [(one.filters["gq_words"], one.author) for one in saved.all()] == [("judge", "Ben")]
    assert len(log.history("gaps", "view", "law")) == 2


def test_a_deleted_name_is_gone_and_can_be_saved_anew(log):
    saved = SavedFilters(log, "gaps")
    saved.save("law", {}, author="Ada")
    saved.delete("law", author="Ben")
    assert saved.all() == []
    saved.save("law", {"gq_words": "judge"}, author="Ada")
    assert [one.name for one in saved.all()] == ["law"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_filters_without_a_name_that_fits_is_refused(log, name):
    with pytest.raises(WrongUse, match="1 to 80"):
        SavedFilters(log, "gaps").save(name, {}, author="Ada")
