"""Whether a word can say what a text is about, and how telling it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection
from functools import cache


def is_topic_word(word: str) -> bool:
    """A word of three letters or more (of lower case, no stop word), which may have marks within: `co-operate`."""
    return len(word) > 2 and word[0].isalpha() and word not in _stop_words()


def rarity(classes: Collection[Counter[str]]) -> dict[str, float]:
    """The inverse class frequency of c-TF-IDF: log(1 + average words a class / frequency over all classes)."""
    total: Counter[str] = Counter()
    for one in classes:
        total.update(one)
    average = total.total() / max(1, len(classes))
    return {word: math.log1p(average / n) for word, n in total.items()}


@cache
def _stop_words() -> frozenset[str]:
    # scikit-learn takes a second to load: who only reads names does not wait for it.
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS
