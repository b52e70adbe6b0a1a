"""Do the words of a gap tell anything? Single letters, enumerations and marks do not, however well they predict a feature."""

from __future__ import annotations

import re

_COUNTING = re.compile(r"[ivx]+|\d", re.IGNORECASE)
"""What lists are numbered by."""
_QUOTED = re.compile(r"“([^”]*)”")
"""Words in a label that was made of words."""

_OF_A_FORM = ("on punctuation", "on numbers", "no clear label")
"""Labels that were made of words, and have none."""


def is_telling(words: str, label: str = "") -> bool:
    """Whether one of a feature's words, with commas between, is more than a letter, a mark, a digit or a Roman number.

    A label in words of its own, by a person or a model, tells something; one that quotes words tells as much as they do.

    >>> [is_telling(words) for words in ("b, ii, 2", "=, (", "b, blood", "2017, 2010", "猫")]
    [False, False, True, True, True]
    >>> is_telling("b", "on “b”, “2”"), is_telling("b", "options of a question")
    (False, True)
    """
    quoted = _QUOTED.findall(label)
    in_own_words = bool(label) and not quoted and label not in _OF_A_FORM
    return in_own_words or any(_tells(word.strip()) for word in (*words.split(","), *quoted))


def _tells(word: str) -> bool:
    said = "".join(c for c in word if c.isalnum())
    is_letter = len(said) == 1 and said.lower() != said.upper()  # where letters have no case, one can be a word
    return bool(said) and not is_letter and not _COUNTING.fullmatch(said)
