"""Contestants that look at words alone: no model is needed for them."""

from __future__ import annotations

import re

import numpy as np
from scipy import sparse

from fac_core.lab.holes.answers import Answer
from fac_core.lab.holes.cases import Case
from fac_core.lab.holes.ours import of_scores

_PRIOR = 0.1
"""Weight of the informative prior: pseudo-counts of a word, as a share of how often both sides together have it."""


def log_odds(case: Case) -> Answer:
    """Words by log odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008): z of each, summed over a text.

    Only what the anchor has more of counts; the sum is divided by the square root of the text's number of words.
    """
    ours, theirs = _counts(case)
    a, b = (np.asarray(side.sum(axis=0)).ravel() for side in (ours, theirs))
    prior = _PRIOR * (a + b)
    n_a, n_b, n_prior = a.sum(), b.sum(), prior.sum()
    odds = np.log((a + prior) / (n_a + n_prior - a - prior)) - np.log((b + prior) / (n_b + n_prior - b - prior))
    z = odds / np.sqrt(1 / (a + prior) + 1 / (b + prior))
    present = _presence(ours)
    n_words = np.maximum(1, np.asarray(present.sum(axis=1)).ravel())
    return Answer(np.asarray(present @ np.maximum(z, 0)).ravel() / np.sqrt(n_words))


def word_shortfall(case: Case) -> Answer:
    """The shortfall of words instead of features: what our statistic makes of them, themes included."""
    ours, theirs = map(_presence, _counts(case))
    n_tokens = case.collection.n_tokens
    return of_scores(ours, theirs, n_tokens[case.anchor], n_tokens[case.data])


def other_words(case: Case) -> Answer:
    """The same without the words that make the group: where a hole is all texts with a word, counting words is no feat."""
    ours, theirs = map(_presence, _counts(case, case.collection.patterns.get(case.group)))
    n_tokens = case.collection.n_tokens
    return of_scores(ours, theirs, n_tokens[case.anchor], n_tokens[case.data])


def _counts(case: Case, hidden: str | None = None) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """How often each word stands in each text, of words in two texts or more, for anchor and data.

    Args:
        hidden: regular expression; what it finds is left out.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [case.collection.texts[row] for row in np.concatenate([case.anchor, case.data])]
    if hidden:
        texts = [re.sub(hidden, " ", text, flags=re.IGNORECASE) for text in texts]
    word = r"(?u)\b\w+\b"  # single letters too
    found = CountVectorizer(min_df=2, token_pattern=word).fit_transform(texts)
    counts = sparse.csr_matrix(found, dtype=np.float64)
    return counts[: len(case.anchor)], counts[len(case.anchor) :]


def _presence(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    """1 where a word stands at all."""
    found = counts.copy()
    found.data = np.ones(len(found.data))
    return found
