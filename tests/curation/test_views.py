"""Filters are found again under their name, by everybody, until somebody deletes them."""

from __future__ import annotations

import pytest

from fac_core.curation.saved_filters import Views
from fac_core.errors import WrongUse
from fac_core.store.events import EventLog


@pytest.fixture
def log(tmp_path) -> EventLog:
    return EventLog(tmp_path / "workspace.sqlite")


def test_a_view_is_there_for_everybody_and_says_whose_it_is(log):
    Views(log, "gaps").save(" law ", {"gq_words": "court", "gq_cause": ["never fires"]}, author="Ada")
    (view,) = Views(log, "gaps").all()
    assert (view.name, view.author) == ("law", "Ada")
    assert view.filters == {"gq_words": "court", "gq_cause": ["never fires"]}
    assert Views(log, "features").all() == []


def test_a_name_that_is_saved_again_stands_for_the_new_filters(log):
    views = Views(log, "gaps")
    views.save("law", {"gq_words": "court"}, author="Ada")
    views.save("law", {"gq_words": "judge"}, author="Ben")
    assert [(view.filters["gq_words"], view.author) for view in views.all()] == [("judge", "Ben")]
    assert len(log.history("gaps", "view", "law")) == 2


def test_a_deleted_view_is_gone_and_can_be_saved_anew(log):
    views = Views(log, "gaps")
    views.save("law", {}, author="Ada")
    views.delete("law", author="Ben")
    assert views.all() == []
    views.save("law", {"gq_words": "judge"}, author="Ada")
    assert [view.name for view in views.all()] == ["law"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81])
def test_a_view_without_a_name_that_fits_is_refused(log, name):
    with pytest.raises(WrongUse, match="1 to 80"):
        Views(log, "gaps").save(name, {}, author="Ada")
