"""Every method finds a planted hole in made-up texts, and reports nothing where nothing is missing."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fac_core.errors import WrongUse
from fac_core.lab.holes.answers import MAX_Q
from fac_core.lab.holes.cases import cut_short, hole, joined_up, null
from fac_core.lab.holes.contestants import CONTESTANTS, OURS, chosen, needs
from fac_core.lab.holes.figures import measure
from fac_core.lab.holes.run import able
from tests.lab.holes.made_up import collection

MADE_UP = collection(900, derived=True)
THEMES = (OURS, "embedding clusters", "topics by density", "word shortfall", "other words")
_LEAST = {"gaps": 0.6, "domain classifier": 0.6, "principal components": 0.85}
"""AUROC of the methods that are less sure."""


@pytest.mark.parametrize("name", CONTESTANTS)
def test_a_planted_hole_is_found(name):
    case = hole(MADE_UP, "medicine", cut=0)
    answer = CONTESTANTS[name](case)
    found = measure(case, answer)
    assert answer.scores.shape == case.anchor.shape
    assert found["auroc"] > _LEAST.get(name, 0.9), found
    assert bool(answer.themes) == (name in THEMES) or name in ("random dictionary", "principal components")


@pytest.mark.parametrize("name", THEMES)
def test_the_first_theme_is_the_hole(name):
    case = hole(MADE_UP, "medicine", cut=0)
    found = measure(case, CONTESTANTS[name](case))
    assert found["among_three"]
    assert found["reported_right"]


@pytest.mark.parametrize("name", THEMES)
def test_nothing_is_reported_where_nothing_is_missing(name):
    for nth in range(3):
        answer = CONTESTANTS[name](null(MADE_UP, nth=nth))
        assert not [theme for theme in answer.themes if theme.q <= MAX_Q]
        assert (answer.significant or 0) < 0.01


@pytest.mark.parametrize("trap", [cut_short, joined_up])
def test_methods_never_see_rows_that_are_not_in_the_case(trap):
    case = trap(MADE_UP)
    names = able(case, CONTESTANTS)
    assert set(CONTESTANTS) - set(names) == {
        "random dictionary",
        "principal components",
    }  # derived texts have no states
    assert all(CONTESTANTS[name](case).scores.shape == case.anchor.shape for name in names)


def test_words_that_make_a_group_can_be_hidden():
    told = replace(MADE_UP, patterns={"medicine": r"\bmedicine\d"})
    without = replace(told, texts=tuple(re.sub(r"\bmedicine\d", " ", text) for text in told.texts))
    seen, hidden = (CONTESTANTS[name](hole(told, "medicine")).scores for name in ("word shortfall", "other words"))
    assert hidden.tolist() == CONTESTANTS["word shortfall"](hole(without, "medicine")).scores.tolist() != seen.tolist()


def test_only_what_a_method_looks_at_is_read():
    assert needs(["shortfall", "words", "gaps"]) == set()
    assert needs(["shortfall", "topics by density", "principal components"]) == {"reduced", "states"}
    without = {"embeddings": MADE_UP.embeddings[:0], "states": MADE_UP.states[:0], "reduced": MADE_UP.reduced[:0]}
    for name in CONTESTANTS:
        kept = {need: rows for need, rows in without.items() if need not in needs([name])}
        assert measure(hole(replace(MADE_UP, **kept), "law"), CONTESTANTS[name](hole(replace(MADE_UP, **kept), "law")))


def test_a_method_that_there_is_not_is_named():
    with pytest.raises(WrongUse, match="guessing"):
        chosen(["guessing"])
    assert list(chosen(["gaps"])) == ["gaps"]
    assert list(chosen([])) == list(CONTESTANTS)
