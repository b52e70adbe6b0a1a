"""Diversity of texts and of embeddings: what coverage has to be better than.

Standard forms of the literature. All depend on the number of texts and some on their length, so compare at equal size.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

_WORD = re.compile(r"\w+|[^\w\s]")


def text_metrics(texts: Sequence[str]) -> dict[str, float]:
    """`distinct-1`, `distinct-2`: unique n-grams over all; `bigram entropy` in bits. n-grams do not cross texts."""
    words = [[w.lower() for w in _WORD.findall(text)] for text in texts]
    ones = Counter(word for text in words for word in text)
    twos = Counter(pair for text in words for pair in pairwise(text))
    return {
        "distinct-1": len(ones) / max(1, ones.total()),
        "distinct-2": len(twos) / max(1, twos.total()),
        "bigram entropy": _entropy(twos),
    }


def embedding_metrics(points: np.ndarray) -> dict[str, float]:
    """`cosine distance`, mean over pairs; `Vendi`, the effective number of texts under the cosine kernel; `trace covariance`.

    Args:
        points: `[texts, d]`; a common mean should be subtracted before, or all lie in one direction.
    """
    unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    n = len(unit)
    share = np.linalg.eigvalsh(unit @ unit.T / n)
    share = share[share > 1e-12]
    return {
        "cosine distance": float((1 - np.sum(unit.mean(axis=0) ** 2)) * n / max(1, n - 1)),
        "Vendi": float(np.exp(-np.sum(share * np.log(share)))),
        "trace covariance": float(points.var(axis=0).sum()),
    }


def _entropy(counts: Counter[tuple[str, str]]) -> float:
    share = np.array(list(counts.values()), dtype=np.float64) / max(1, counts.total())
    return float(-(share * np.log2(share)).sum())
