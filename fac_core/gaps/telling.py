"""Do the words of a gap tell anything? Single letters, enumerations and marks do not, however well they predict a feature."""

from __future__ import annotations

import re

_COUNTING = re.compile(r"[ivx]+|\d", re.IGNORECASE)
"""What lists are numbered by."""
_QUOTED = re.compile(r"“([^”]*)”")
"""Words in a label that was made of words."""

_NO_NAME = ("on numbers", "no clear label")
"""Labels that were made of words and leave it to the words to tell."""


def is_telling(words: str, label: str = "") -> bool:
    """Whether what a feature is called is more than a letter, a mark, a digit or a Roman number.

    A label in words of its own, by a person or a model, tells something; one that quotes words tells as much as these do,
    and without one the words at its peaks, with commas between, have to tell.

    >>> [is_telling(words) for words in ("b, ii, 2", "=, (", "b, blood", "2017, 2010", "猫")]
    [False, False, True, True, True]
    >>> is_telling("b", "options of a question"), is_telling("a, amylase", "on “a”"), is_telling("a, na", "on punctuation")
    (True, False, False)
    """
    if quoted := _QUOTED.findall(label):
        return any(map(_tells, quoted))
    if label and label not in _NO_NAME:
        return label != "on punctuation"
    return any(_tells(word.strip()) for word in words.split(","))


def _tells(word: str) -> bool:
    said = "".join(c for c in word if c.isalnum())
    is_letter = len(said) == 1 and said.lower() != said.upper()  # where letters have no case, one can be a word
    return bool(said) and not is_letter and not _COUNTING.fullmatch(said)
