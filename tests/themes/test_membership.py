"""Which theme a feature belongs to, and which one a text was written for."""

from __future__ import annotations

from dataclasses import replace

from fac_core.themes.membership import theme_called, theme_of, theme_wanted
from fac_core.themes.names import GivenName
from tests.dashboard.themes import a_theme, an_answer


def test_a_feature_belongs_to_the_first_theme_that_holds_it_and_a_lack_comes_before_an_excess():
    law, bones, chat = a_theme("law", (1, 2)), a_theme("bones", (2, 3)), a_theme("chat", (3, 4), 0, 40)
    found = theme_of(an_answer(law, bones, surplus=(chat,)))
    assert {f: theme.name for f, theme in found.items()} == {1: "law", 2: "law", 3: "bones", 4: "chat"}


def test_a_text_is_written_for_the_theme_that_was_asked_for_else_for_that_of_its_feature_and_never_for_an_excess():
    law = replace(
        a_theme("law", (1, 2)), name="courts", given=GivenName("1", "courts", "person", "Ann", (1, 2), ("law",), 1)
    )
    answer = an_answer(law, a_theme("bones", (2, 3)), surplus=(a_theme("chat", (4,), 0, 40),))
    wanted = [theme_wanted(answer, *of) for of in ((2,), (2, "bones"), (1, "law"), (3,), (4,), (1, "gone"))]
    assert [theme and theme.name for theme in wanted] == ["courts", "bones", "courts", "bones", None, None]
    another = an_answer(law, a_theme("law", (5,)))
    assert [theme.features for theme in (theme_called(another, "law"), theme_called(another, "courts")) if theme] == [
        (5,),
        (1, 2),
    ]


def test_names_are_written_as_asked():
    answer = an_answer(a_theme("law", (1,)), surplus=(a_theme("chat", (2,), 0, 40),))
    assert answer.said(str.upper) == "Your data lacks LAW; it has more CHAT than the anchor."
    assert answer.sentence == "Your data lacks *law*; it has more *chat* than the anchor."
