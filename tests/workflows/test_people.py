"""What people say about features, through the verbs."""

from __future__ import annotations

import pytest

import fac_core as fac
from fac_core.errors import NotFound, WrongUse
from fac_core.store.workspace import Workspace
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
    held = fac.set_relevance("toxicity", 2, "yes", author="Ann", reason="on topic", workspace=folder)
    assert (held.level, held.source, held.author, held.reason) == ("yes", "person", "Ann", "on topic")
    assert fac.relevance("toxicity", workspace=folder) == {2: held}


def test_what_there_is_not_cannot_be_judged(folder):
    with pytest.raises(NotFound):
        fac.set_relevance("toxicity", 5, "yes", author="Ann", workspace=folder)
    with pytest.raises(WrongUse, match="choose one of"):
        fac.set_relevance("toxicity", 2, "perhaps", author="Ann", workspace=folder)  # type: ignore[arg-type]


def test_flipping_all_verdicts_exchanges_the_relevant_gaps_for_the_others(folder):
    fac.set_relevance("toxicity", 2, "yes", author="Ann", workspace=folder)
    still = fac.relevance_noise("toxicity", 0.0, workspace=folder)
    assert (still.jaccard, still.n_gaps) == (1.0, 1.0)
    turned = fac.relevance_noise("toxicity", 1.0, workspace=folder)
    assert (turned.jaccard, turned.n_gaps) == (0.0, 1.0)


def test_the_history_has_every_name_in_order(folder):
    for name in ("first", "second"):
        fac.rename(1, name, author="Ann", workspace=folder)
    assert [one.text for one in fac.label_history(1, workspace=folder)] == ["first", "second"]
    assert fac.label_history(2, workspace=folder) == ()
    with pytest.raises(NotFound):
        fac.label_history(5, workspace=folder)
