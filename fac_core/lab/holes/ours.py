"""Shortfall, the product's answer: features that fire in fewer texts of the data than of the anchor, at equal length."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import sparse

from fac_core.lab.holes.answers import MAX_Q, Answer, Theme, share_significant
from fac_core.lab.holes.cases import Case
from fac_core.relevance.statistic import length_strata

QUANTILE = 0.75
LEAST_Z = 2.0
N_STRATA = 5
_THEMES = 8


def shortfall(case: Case) -> Answer:
    """The shortfall of the SAE's features."""
    fired, n_tokens = case.collection.activations, case.collection.n_tokens
    rows = (case.anchor, case.data)
    return of_features(*(fired[r] for r in rows), *(n_tokens[r] for r in rows))


def of_features(
    anchor: sparse.csr_matrix, data: sparse.csr_matrix, anchor_tokens: np.ndarray, data_tokens: np.ndarray
) -> Answer:
    """An answer from any features: how strongly each fires in each text, `[texts, features]`, and lengths `[texts]`."""
    delta = thresholds(anchor)
    ours, theirs = above(anchor, delta), above(data, delta)
    return of_active(ours, theirs, anchor_tokens, data_tokens)


def of_active(
    ours: sparse.csr_matrix, theirs: sparse.csr_matrix, anchor_tokens: np.ndarray, data_tokens: np.ndarray
) -> Answer:
    """An answer from which feature is active in which text: 0 or 1, `[texts, features]`."""
    from scipy.stats import false_discovery_control, norm

    strata = length_strata(np.concatenate([anchor_tokens, data_tokens]), N_STRATA)
    z = stratified_z(ours, theirs, strata)
    weights = np.where(z > LEAST_Z, np.maximum(z, 0) ** 2, 0)
    n_active = np.maximum(1, np.asarray(ours.sum(axis=1)).ravel())
    scores = np.asarray(ours @ weights).ravel() / np.sqrt(n_active)
    fires = np.asarray(ours.sum(axis=0)).ravel() > 0
    q = np.ones(len(z))
    if fires.any():
        q[fires] = false_discovery_control(norm.sf(z[fires]))
    return Answer(scores, _themes(ours, weights, q), share_significant(q[fires]))


def thresholds(anchor: sparse.csr_matrix, quantile: float = QUANTILE) -> np.ndarray:
    """δ of each feature: this quantile of its non-zero activations in the anchor; 0 where it has none."""
    by_feature = anchor.tocsc()
    delta = np.zeros(cast(tuple[int, int], anchor.shape)[1], dtype=np.float32)
    for feature, (start, end) in enumerate(zip(by_feature.indptr[:-1], by_feature.indptr[1:], strict=True)):
        if end > start:
            delta[feature] = np.quantile(by_feature.data[start:end], quantile)
    return delta


def above(values: sparse.csr_matrix, delta: np.ndarray) -> sparse.csr_matrix:
    """float64 0 or 1, `[texts, features]`: which activations are above the threshold of their feature."""
    kept = values.copy()
    kept.data = (values.data > delta[values.indices]).astype(np.float64)
    kept.eliminate_zeros()
    return kept


def stratified_z(ours: sparse.csr_matrix, theirs: sparse.csr_matrix, strata: np.ndarray) -> np.ndarray:
    """Cochran-Mantel-Haenszel's z of each feature, positive where the anchor has more; strata `[anchor + data]`."""
    n_ours, width = cast(tuple[int, int], ours.shape)
    a, expected, variance = (np.zeros(width) for _ in range(3))
    for stratum in np.unique(strata):
        members = strata == stratum
        mine, other = members[:n_ours], members[n_ours:]
        n, n1, n0 = members.sum(), mine.sum(), other.sum()
        if not (n1 and n0):
            continue
        fired = np.asarray(mine.astype(np.float64) @ ours).ravel()
        total = fired + np.asarray(other.astype(np.float64) @ theirs).ravel()
        a, expected = a + fired, expected + n1 * total / n
        variance = variance + n1 * n0 * total * (n - total) / (n * n * max(1, n - 1))
    return np.divide(a - expected, np.sqrt(variance), out=np.zeros(width), where=variance > 0)


def _themes(ours: sparse.csr_matrix, weights: np.ndarray, q: np.ndarray) -> tuple[Theme, ...]:
    """Texts and significant features factorised together; a theme's q is that of its leading feature."""
    from sklearn.decomposition import NMF

    short = np.flatnonzero((q <= MAX_Q) & (weights > 0))
    n = min(_THEMES, len(short), ours.shape[0])  # type: ignore[index]
    if not n:
        return ()
    weighted = ours[:, short].toarray() * np.sqrt(weights[short])
    model = NMF(n, init="nndsvda", random_state=0, max_iter=200, tol=1e-3)  # type: ignore[arg-type]
    texts = model.fit_transform(weighted)
    parts = model.components_
    strength = texts.sum(axis=0) * parts.sum(axis=1)
    themes = []
    for part in np.argsort(-strength, kind="stable"):
        members = np.argsort(-texts[:, part], kind="stable")
        members = members[texts[members, part] > 0]
        if len(members):
            themes.append(Theme(members, float(q[short[np.argmax(parts[part])]])))
    return tuple(themes)
