"""Derived texts: half of the tokens that are read, and pairs that use every text at most once."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from fac_core.lab.holes.length_traps import joined, windows


def by_words(texts, chats):
    """A tokenizer whose tokens are words; of five words the window holds four."""
    found = []
    for text in texts:
        ends = [i for i in range(1, len(text) + 1) if text[i - 1] != " " and (i == len(text) or text[i] == " ")][:4]
        offsets = np.array([[0, 0], *([end - 1, end] for end in ends)])
        found.append(SimpleNamespace(content=np.arange(len(ends) + 1) > 0, offsets=offsets))
    return found


def test_half_of_what_is_read_is_kept():
    assert windows(["a b c d e", "aa bb", "x", ""], by_words, share=0.5) == ["a b", "aa", "x", ""]
    assert windows(["a b c d e"], by_words, share=1.0) == ["a b c d"]


def test_every_text_is_in_one_pair_at_most():
    ids, texts = list(range(10, 17)), [str(i) for i in range(7)]
    pairs = joined(ids, texts)
    used = [i for of, _ in pairs for i in of]
    assert len(pairs) == 3
    assert len(set(used)) == 6
    assert all(text == f"{texts[a - 10]}\n{texts[b - 10]}" for (a, b), text in pairs)
