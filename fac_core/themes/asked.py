"""Names of themes by a language model: one question a theme, from its texts and words. Both are data, and so is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fac_core.generators.json_answers import json_object
from fac_core.generators.seam import Answer, Request, Usage
from fac_core.naming.explanation import ANSWER_TOKENS, question
from fac_core.naming.prompts import Prompt
from fac_core.themes.names import LONGEST_NAME, in_one_line
from fac_core.themes.theme import Theme, ThemeText

FEWEST_TEXTS = 3
"""That differ: what fewer have in common may be anything."""

MOST_TEXTS = 8
_LONGEST_TEXT = 300
"""Characters of a text that a model is shown."""

_NO_NAME = ("", "null", "none", "cannot tell")


@dataclass(frozen=True)
class NameAsked:
    """What came of asking about one theme."""

    theme: str
    """What it was called when it was asked about."""
    name: str
    """Empty without."""
    detail: str
    """Why there is none."""
    usage: Usage


def name_request(theme: Theme, texts: Sequence[str], asked: Prompt, answer_tokens: int = ANSWER_TOKENS) -> Request:
    """The question about a theme.

    Args:
        texts: of the theme, the most typical first; at most `MOST_TEXTS` are shown.

    >>> from fac_core.naming.prompts import prompt
    >>> name_request(view.missing().themes[0], ["a", "b", "c"], prompt("theme")).messages[-1].content[-15:]
    '\\n1. a\\n2. b\\n3. c'
    """
    shown = (ThemeText(0, text, 1.0).excerpt(_LONGEST_TEXT) for text in texts[:MOST_TEXTS])
    listed = "\n".join(f"{n}. {text}" for n, text in enumerate(shown, 1))
    return question(asked, answer_tokens, words=", ".join(theme.words), texts=listed)


def name_in(theme: Theme, answer: Answer | None) -> NameAsked:
    """What a model answered about a theme; None is a theme of too few texts to ask about."""
    if answer is None:
        return NameAsked(theme.name, "", f"It has fewer than {FEWEST_TEXTS} texts that differ.", Usage())
    found = json_object(answer.texts[0]) if answer.texts and not answer.error else None
    if found is None:
        begins = answer.texts[0][:100] if answer.texts else ""
        why = answer.error or f"The answer has no JSON object: {begins!r}"
        return NameAsked(theme.name, "", why, answer.usage)
    said = found.get("name")
    name = in_one_line(said)[:LONGEST_NAME].rstrip() if isinstance(said, str) else ""
    if name.lower().strip(" .") in _NO_NAME:
        return NameAsked(theme.name, "", "The model sees nothing in common.", answer.usage)
    return NameAsked(theme.name, name, "", answer.usage)
