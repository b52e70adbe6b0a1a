"""What people say about features, through the verbs."""

from __future__ import annotations

import pytest

from fac_core.errors import NotFound, WrongUse
from fac_core.store.workspace import Workspace
from fac_core.workflows.judging import relevance_of, set_relevance
from fac_core.workflows.naming import labels_of, rename
from tests.runs import make_run


@pytest.fixture
def folder(tmp_path):
    """An anchor with features 0 to 3 active, and a seed that lacks 2 and 3."""
    place = Workspace.create(tmp_path / "w")
    make_run(place.run_path("p"), "anchor", [(f, s, 1.0 + s) for f in range(4) for s in range(6)], 6, 5, run_id="p")
    make_run(place.run_path("q"), "seed", [(f, s, 1.0 + s) for f in range(2) for s in range(4)], 4, 5, run_id="q")
    place.set_anchor("anchor")
    return place.folder


def test_a_person_s_verdict_holds_and_says_who_gave_it(folder):
    held = set_relevance("toxicity", 2, "yes", author="Ann", reason="on topic", workspace=folder)
    assert (held.level, held.source, held.author, held.reason) == ("yes", "person", "Ann", "on topic")
    assert relevance_of("toxicity", folder).all() == {2: held}


def test_what_there_is_not_cannot_be_judged(folder):
    with pytest.raises(NotFound):
        set_relevance("toxicity", 5, "yes", author="Ann", workspace=folder)
    with pytest.raises(WrongUse, match="choose one of"):
        set_relevance("toxicity", 2, "perhaps", author="Ann", workspace=folder)  # type: ignore[arg-type]


def test_the_history_has_every_name_in_order(folder):
    for name in ("first", "second"):
        rename(1, name, author="Ann", workspace=folder)
    labels = labels_of(folder)
    assert [label.text for label in labels.history(1)] == ["first", "second"]
    assert labels.history(2) == ()
    with pytest.raises(NotFound):
        rename(5, "third", author="Ann", workspace=folder)
