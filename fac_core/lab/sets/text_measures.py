"""The older measures of diversity, of any rows of a pool: what coverage has to be better than.

All depend on the number of texts and some on their length, so compare at equal size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fac_core.diversity.tagger import part_of_speech_tags
from fac_core.diversity.vectors import pairwise_cosine_distance, trace_covariance, vendi_score
from fac_core.diversity.words import distinct, ngram_entropy, numbered, words
from fac_core.errors import MissingExtra


@dataclass(frozen=True)
class Written:
    """Texts as the measures read them; n-grams do not cross them."""

    words: list[np.ndarray]
    tags: list[np.ndarray] | None
    """None without the extra `tags`: its measure is then left out."""
    points: np.ndarray
    """`[texts, d]`, their common mean subtracted, or all would lie in one direction."""

    def metrics(self, rows: np.ndarray) -> dict[str, float]:
        """Of some texts: `distinct-1`, `distinct-2`, `bigram entropy`, `POS distinct-2`, `cosine distance`, `Vendi`, `trace covariance`."""
        chosen, points = [self.words[i] for i in rows], self.points[rows]
        grammar = {} if self.tags is None else {"POS distinct-2": distinct([self.tags[i] for i in rows], 2)}
        return {
            "distinct-1": distinct(chosen, 1),
            "distinct-2": distinct(chosen, 2),
            "bigram entropy": ngram_entropy(chosen),
            **grammar,
            "cosine distance": pairwise_cosine_distance(points),
            "Vendi": vendi_score(points),
            "trace covariance": trace_covariance(points),
        }


def written(texts: Sequence[str], points: np.ndarray, centre: np.ndarray) -> Written:
    """Read the texts once for all sets that are drawn from them."""
    try:
        tags = numbered(part_of_speech_tags(texts))
    except MissingExtra:
        tags = None
    return Written(numbered(map(words, texts)), tags, points - centre)
