"""Name the themes of a view: one by a person, all others by a language model. What it will cost can be asked before.

What a model answers is kept in the workspace, so asking again is free, and a budget is never exceeded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fac_core.generators.budget import Budget, Budgeted
from fac_core.generators.cache import Cached
from fac_core.generators.estimate import Estimate, estimate
from fac_core.generators.seam import Answer, Generator, Request
from fac_core.naming.explanation import ANSWER_TOKENS
from fac_core.naming.prompts import prompt
from fac_core.progress import Progress, silent
from fac_core.themes.asked import FEWEST_TEXTS, MOST_TEXTS, NameAsked, name_in, name_request
from fac_core.themes.names import ThemeNames, item_of
from fac_core.themes.theme import Theme, texts_of
from fac_core.view import View
from fac_core.workflows.ask import NO_CAP


def names_of(view: View) -> ThemeNames:
    """The names that themes were given in the view's feature space.

    >>> scratched = fac.View.find("seed", workspace=scratch)
    >>> event = names_of(scratched).rename(scratched.missing().themes[0], "arithmetic", author="Ann")
    >>> scratched.missing().sentence
    'Your data lacks *arithmetic*; it has more *w000, w001, w002* than the anchor.'
    """
    return ThemeNames(view.workspace.events(), view.anchor.space_id)


def themes_to_name(view: View) -> tuple[Theme, ...]:
    """The themes of both sides that no person has named.

    >>> [theme.name for theme in themes_to_name(view)]
    ['sums', 'w000, w001, w002']
    """
    found = view.missing()
    return tuple(theme for theme in (*found.themes, *found.surplus) if theme.named_by != "person")


def estimate_theme_names(view: View, generator: Generator, *, answer_tokens: int = ANSWER_TOKENS) -> Estimate:
    """What `name_themes_by_llm` will cost beyond what was paid already. Nothing is sent."""
    asked = _questions(view, themes_to_name(view), answer_tokens)
    return estimate(Cached(generator, view.workspace.answers()).unpaid(list(asked.values())))


def name_themes_by_llm(
    view: View,
    generator: Generator,
    budget: Budget = NO_CAP,
    *,
    answer_tokens: int = ANSWER_TOKENS,
    on_progress: Progress = silent,
) -> dict[str, NameAsked]:
    """Ask a model for a name of each theme that no person has named, and keep it; by what the log knows a theme by.

    A theme without one says why; what the budget cut off can be asked again with a larger one, the rest is free then.
    """
    themes = {item_of(theme): theme for theme in themes_to_name(view)}
    asked = _questions(view, tuple(themes.values()), answer_tokens)
    writer = Cached(Budgeted(generator, budget), view.workspace.answers())
    arrived: list[Answer] = []

    def tell(_position: int, answer: Answer) -> None:
        arrived.append(answer)
        on_progress(len(arrived), len(asked))

    on_progress(0, len(asked))
    answers = dict(zip(asked, writer.generate(list(asked.values()), on_answer=tell), strict=True))
    found = {item: name_in(theme, answers.get(item)) for item, theme in themes.items()}
    named = [(themes[item], one.name) for item, one in found.items() if one.name]
    names_of(view).record(named, model=writer.name, prompt=prompt("theme", view.workspace.folder).identity)
    return found


def _questions(view: View, themes: tuple[Theme, ...], answer_tokens: int) -> Mapping[str, Request]:
    """By what the log knows a theme by; those of too few texts are left out."""
    asked = prompt("theme", view.workspace.folder)
    shown = {item_of(theme): (theme, _texts(view, theme)) for theme in themes}
    return {
        item: name_request(theme, texts, asked, answer_tokens)
        for item, (theme, texts) in shown.items()
        if len(texts) >= FEWEST_TEXTS
    }


def _texts(view: View, theme: Theme) -> list[str]:
    """Different texts of a theme: those that it is shown with, then the anchor's others."""
    more = texts_of(view.p, np.array([sample for sample, _ in theme.belonging[: 2 * MOST_TEXTS]], dtype=np.uint32))
    distinct: dict[str, str] = {}
    for text in (*(one.text for one in theme.texts), *more):
        distinct.setdefault(text.strip().lower(), text)
    return list(distinct.values())[:MOST_TEXTS]
