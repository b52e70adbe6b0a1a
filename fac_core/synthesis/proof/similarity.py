"""Copies and near-duplicates: a text that is there already adds nothing, and a copied one proves nothing.

Two measures. *Verbatim*: the longest run of words that some real text has too, which finds a sentence taken out of a
long document. *Near*: cosine of character 4-grams, which finds the same text with a word changed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

_SHINGLE = 5
"""Words that are looked up together."""
COPY_WORDS = 12
"""So many words in a row that some real text has make a copy …"""
COPY_SHARE = 0.6
"""… and so does a run over this share of a text's words, if it has at least one shingle."""
NEAR = 0.8
"""Cosine from which two texts are near-duplicates."""

_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Likeness:
    """How much of a text is there already."""

    verbatim: int
    """Words in a row that a real text has too, 0 below a shingle."""
    words: int
    """Of the text."""
    near: float
    """Cosine to the nearest real text or earlier candidate."""

    @property
    def is_copy(self) -> bool:
        return self.verbatim >= COPY_WORDS or (self.verbatim > 0 and self.verbatim >= COPY_SHARE * self.words)

    @property
    def is_duplicate(self) -> bool:
        return self.near >= NEAR


class Known:
    """The texts that a new one must not repeat: seed, anchor, and what was made before."""

    def __init__(self, real: Iterable[str]) -> None:
        texts = list(real)
        self._shingles = {shingle for text in texts for shingle in _shingles(_words(text))}
        self._grams = HashingVectorizer(analyzer="char_wb", ngram_range=(4, 4), n_features=2**18, alternate_sign=False)
        self._real = self._vectors(texts)
        self._made: list[sparse.csr_matrix] = []

    def likeness(self, texts: Sequence[str]) -> list[Likeness]:
        """Of texts to real ones, to those added before, and to the earlier ones among themselves."""
        if not texts:
            return []
        vectors = self._vectors(texts)
        near = _nearest(vectors, [self._real, *self._made])
        among = np.tril((vectors @ vectors.T).toarray(), k=-1)
        near = np.maximum(near, among.max(axis=1))
        return [
            Likeness(self._run(words), len(words), float(value))
            for words, value in zip(map(_words, texts), near, strict=True)
        ]

    def add(self, texts: Sequence[str]) -> None:
        """Remember texts that were made."""
        if texts:
            self._made.append(self._vectors(texts))

    def forgetting(self) -> Known:
        """The same real texts, and nothing that was made."""
        other = copy.copy(self)
        other._made = []
        return other

    def _vectors(self, texts: Sequence[str]) -> sparse.csr_matrix:
        if not texts:
            return sparse.csr_matrix((0, 2**18), dtype=np.float64)
        return cast(sparse.csr_matrix, self._grams.transform([text.lower() for text in texts]))

    def _run(self, words: Sequence[str]) -> int:
        longest = run = 0
        for shingle in _shingles(words):
            run = run + 1 if shingle in self._shingles else 0
            longest = max(longest, run)
        return longest + _SHINGLE - 1 if longest else 0


def _nearest(vectors: sparse.csr_matrix, others: Sequence[sparse.csr_matrix]) -> np.ndarray:
    best = np.zeros(vectors.get_shape()[0])
    for other in others:
        if other.get_shape()[0]:
            found: Any = (vectors @ other.T).max(axis=1)
            best = np.maximum(best, found.toarray().ravel())
    return best


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _shingles(words: Sequence[str]) -> list[int]:
    return [hash(tuple(words[i : i + _SHINGLE])) for i in range(len(words) - _SHINGLE + 1)]
