"""Which theme a feature belongs to."""

from __future__ import annotations

from fac_core.themes.membership import theme_of
from tests.dashboard.themes import a_theme, an_answer


def test_a_feature_belongs_to_the_first_theme_that_holds_it_and_a_lack_comes_before_an_excess():
    law, bones, chat = a_theme("law", (1, 2)), a_theme("bones", (2, 3)), a_theme("chat", (3, 4), 0, 40)
    found = theme_of(an_answer(law, bones, surplus=(chat,)))
    assert {f: theme.name for f, theme in found.items()} == {1: "law", 2: "law", 3: "bones", 4: "chat"}


def test_names_are_written_as_asked():
    answer = an_answer(a_theme("law", (1,)), surplus=(a_theme("chat", (2,), 0, 40),))
    assert answer.said(str.upper) == "Your data lacks LAW; it has more CHAT than the anchor."
    assert answer.sentence == "Your data lacks *law*; it has more *chat* than the anchor."
