"""Whether a word can say what a text is about."""

from __future__ import annotations

from functools import cache


def is_topic_word(word: str) -> bool:
    """A word of three letters or more (of lower case, no stop word), which may have marks within: `co-operate`."""
    return len(word) > 2 and word[0].isalpha() and word not in _stop_words()


@cache
def _stop_words() -> frozenset[str]:
    # scikit-learn takes a second to load: who only reads names does not wait for it.
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS
