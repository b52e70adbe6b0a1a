"""The older measures of diversity, of any rows of a pool: what coverage has to be better than.

All depend on the number of texts and some on their length, so compare at equal size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fac_core.diversity.table import Texts
from fac_core.diversity.tagger import part_of_speech_tags
from fac_core.diversity.vectors import pairwise_cosine_distance, trace_covariance, vendi_score
from fac_core.diversity.words import distinct, ngram_entropy, numbered, words
from fac_core.errors import MissingExtra


def as_read(texts: Sequence[str], points: np.ndarray) -> Texts:
    """Texts as the measures read them, once for all sets that are drawn from them.

    Without the extra `tags` there are no tags, and their measure is left out.

    Args:
        points: `[texts, d]`, their common mean subtracted, or all would lie in one direction.
    """
    try:
        tags = numbered(part_of_speech_tags(texts))
    except MissingExtra:
        tags = None
    return Texts(numbered(map(words, texts)), tags, points, None)


def measures(texts: Texts, rows: np.ndarray) -> dict[str, float]:
    """Of some texts: `distinct-1`, `distinct-2`, `bigram entropy`, `POS distinct-2`, `cosine distance`, `Vendi`, `trace covariance`."""
    chosen = [texts.words[i] for i in rows]
    found = {
        "distinct-1": distinct(chosen, 1),
        "distinct-2": distinct(chosen, 2),
        "bigram entropy": ngram_entropy(chosen),
    }
    if texts.tags is not None:
        found["POS distinct-2"] = distinct([texts.tags[i] for i in rows], 2)
    if texts.vectors is not None:
        points = texts.vectors[rows]
        found["cosine distance"] = pairwise_cosine_distance(points)
        found["Vendi"] = vendi_score(points)
        found["trace covariance"] = trace_covariance(points)
    return found
