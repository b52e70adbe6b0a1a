"""Diversity of words and tags: distinct-n, n-gram entropy, self-BLEU. Pure: sequences of integers in, numbers out.

All of them change with the size of the set (distinct-n falls, entropy and self-BLEU rise): compare at equal size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

_WORD = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")

BLEU_ORDER = 4
_EPSILON = 0.1
"""Stands for a count of zero (method 1 of Chen and Cherry, WMT 2014), or one missing 4-gram would make BLEU 0."""

Sequences = Sequence[np.ndarray]
"""Of each text its words, or tags, as integers."""


def words(text: str) -> list[str]:
    """Words in lower case, and punctuation marks.

    >>> words("Don't panic!")
    ["don't", 'panic', '!']
    """
    return _WORD.findall(text.lower())


def numbered(texts: Iterable[Sequence[str]]) -> list[np.ndarray]:
    """The same symbol gets the same number: int64 arrays."""
    numbers: dict[str, int] = {}
    return [np.array([numbers.setdefault(s, len(numbers)) for s in text], dtype=np.int64) for text in texts]


def distinct(texts: Sequences, n: int) -> float:
    """Distinct n-grams over all n-grams of the set (Li et al., NAACL 2016); 0 if there is no n-gram."""
    counts = _counts(texts, n)
    return len(counts) / counts.sum() if len(counts) else 0.0


def ngram_entropy(texts: Sequences, n: int = 2) -> float:
    """Entropy of the set's n-grams in bits, -Σ p log2 p (Zhang et al., NeurIPS 2018, Ent-n); 0 if there is none."""
    return entropy(_counts(texts, n))


def entropy(counts: np.ndarray) -> float:
    """Of the shares that counts have, in bits."""
    shares = counts[counts > 0] / max(1, counts.sum())
    return float(max(0.0, -(shares * np.log2(shares)).sum()))


def self_bleu(texts: Sequences) -> float:
    """Mean BLEU-4 of each text with all others as references (Zhu et al., SIGIR 2018): higher is *less* diverse.

    BLEU of Papineni et al. (ACL 2002), smoothed; with the brevity penalty. Every n-gram's two largest counts over the
    texts give its largest count over the others, so the references are counted once, not once for each text. 0 for
    fewer than two texts.
    """
    if len(texts) < 2:
        return 0.0
    log_precision = np.zeros(len(texts))
    empty = np.zeros(len(texts), dtype=bool)
    for n in range(1, BLEU_ORDER + 1):
        matches, totals = _clipped([Counter(zip(*(t[i:].tolist() for i in range(n)), strict=False)) for t in texts])
        if n == 1:
            empty = matches == 0
        smoothed = np.where(matches > 0, matches, _EPSILON)
        log_precision += np.log(smoothed / np.maximum(1, totals)) / BLEU_ORDER
    scores = np.exp(log_precision) * _brevity(np.array([len(t) for t in texts]))
    return float(np.where(empty, 0.0, scores).mean())


def _clipped(counters: Sequence[Counter[tuple[int, ...]]]) -> tuple[np.ndarray, np.ndarray]:
    """For each text its n-grams that another text has, no more often than that one has it; and all its n-grams."""
    largest: dict[tuple[int, ...], tuple[int, int, int]] = {}  # n-gram -> largest count, its text, second largest
    for text, counter in enumerate(counters):
        for gram, count in counter.items():
            first, owner, second = largest.get(gram, (0, -1, 0))
            if count > first:
                largest[gram] = (count, text, first)
            elif count > second:
                largest[gram] = (first, owner, count)
    matches = np.zeros(len(counters))
    for text, counter in enumerate(counters):
        for gram, count in counter.items():
            first, owner, second = largest[gram]
            matches[text] += min(count, second if owner == text else first)
    return matches, np.array([counter.total() for counter in counters], dtype=np.float64)


def _brevity(lengths: np.ndarray) -> np.ndarray:
    """exp(1 - r/c) for texts shorter than the reference nearest in length (the shorter of two as near)."""
    penalty = np.ones(len(lengths))
    for i, length in enumerate(lengths.tolist()):
        others = np.delete(lengths, i)
        nearest = min(others.tolist(), key=lambda other: (abs(other - length), other))
        if length < nearest:
            penalty[i] = np.exp(1 - nearest / length) if length else 0.0
    return penalty


def _counts(texts: Sequences, n: int) -> np.ndarray:
    """How often each n-gram occurs; n-grams do not cross texts."""
    size = 1 + max((int(text.max()) for text in texts if len(text)), default=0)
    keys = [sum(t[i : len(t) - n + 1 + i] * size ** (n - 1 - i) for i in range(n)) for t in texts if len(t) >= n]
    return np.unique(np.fromiter(chain.from_iterable(keys), dtype=np.int64), return_counts=True)[1]
