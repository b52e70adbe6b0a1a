"""Contestants that look at features: today's list of gaps, and what shortfall makes of features that no SAE learned.

The controls read mean-pooled states, not tokens: to choose the strongest directions of every token would cost a pass of the
model for each control. So a text has few of their features (`_K` of a random dictionary), where it has hundreds of a SAE's.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import sparse

from fac_core.coverage.definition import CALIBRATED
from fac_core.lab.holes.answers import Answer
from fac_core.lab.holes.cases import Case
from fac_core.lab.holes.ours import levels, of_features, scores
from fac_core.shortfall.scoring import LEVELS

_K = 40


def gaps(case: Case) -> Answer:
    """Share of a text's active features that the data lacks under `CALIBRATED`: what the list of gaps says."""
    fired = case.collection.activations
    delta = levels(fired[case.anchor])[LEVELS.index(CALIBRATED.quantile or 0.75)][None]
    ours, theirs = scores(fired[case.anchor], delta), scores(fired[case.data], delta)
    can_occur = np.asarray(ours.sum(axis=0)).ravel() >= CALIBRATED.min_count
    lacks = can_occur & (np.asarray(theirs.sum(axis=0)).ravel() < CALIBRATED.min_count)
    n_active = np.maximum(1, np.asarray(ours @ can_occur.astype(np.float64)).ravel())
    return Answer(np.asarray(ours @ lacks.astype(np.float64)).ravel() / n_active)


def random_dictionary(case: Case) -> Answer:
    """Shortfall of random directions, as many as the SAE has features: the strongest of each text count."""
    states = standardised(case)
    width = cast(tuple[int, int], case.collection.activations.shape)[1]
    directions = np.random.default_rng(0).normal(size=(states.shape[1], width)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    return _shortfall(case, *(strongest(states[rows] @ directions, _K) for rows in (case.anchor, case.data)))


def principal_components(case: Case) -> Answer:
    """Shortfall of the anchor's principal components, each a feature in either direction: all that the width of the model gives."""
    from sklearn.decomposition import PCA

    states, n_features = standardised(case), cast(tuple[int, int], case.collection.activations.shape)[1]
    n = min(states.shape[1], len(case.anchor) - 1, n_features // 2)
    model = PCA(n, svd_solver="full").fit(states[case.anchor])
    parts = []
    for rows in (case.anchor, case.data):
        found = model.transform(states[rows]).astype(np.float32)
        parts.append(sparse.csr_matrix(np.maximum(np.hstack([found, -found]), 0)))
    return _shortfall(case, *parts)


def standardised(case: Case) -> np.ndarray:
    """States `[n_own, d_model]` in units of the anchor's spread: else a few huge dimensions decide."""
    ours = case.collection.states[case.anchor]
    return (case.collection.states - ours.mean(axis=0)) / np.maximum(ours.std(axis=0), 1e-6)


def strongest(values: np.ndarray, k: int) -> sparse.csr_matrix:
    """The k largest values of each row, those above 0; the rest is 0.

    >>> strongest(np.array([[3.0, 1.0, 2.0], [-1.0, 5.0, -2.0]]), 2).toarray().tolist()
    [[3.0, 0.0, 2.0], [0.0, 5.0, 0.0]]
    """
    k = min(k, values.shape[1])
    columns = np.argpartition(-values, k - 1, axis=1)[:, :k]
    rows = np.repeat(np.arange(len(values)), k)
    kept = np.maximum(values[rows, columns.ravel()], 0)
    found = sparse.csr_matrix((kept, (rows, columns.ravel())), shape=values.shape)
    found.eliminate_zeros()
    return found


def _shortfall(case: Case, ours: sparse.csr_matrix, theirs: sparse.csr_matrix) -> Answer:
    n_tokens = case.collection.n_tokens
    return of_features(ours, theirs, n_tokens[case.anchor], n_tokens[case.data])
