"""Diversity of sentence embeddings: how far apart, how spread, how evenly over clusters, how many in effect."""

from __future__ import annotations

import numpy as np

from fac_core.diversity.words import entropy


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows of length 1; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def pairwise_cosine_distance(vectors: np.ndarray) -> float:
    """Mean over pairs i < j of 1 - cos(e_i, e_j), from 0 to 2; 0 for fewer than two.

    In closed form, without the pairs: for unit vectors it is (1 - ‖mean‖²) n / (n - 1).
    """
    n = len(vectors)
    if n < 2:
        return 0.0
    return float(max(0.0, (1 - (unit(vectors).mean(axis=0) ** 2).sum()) * n / (n - 1)))


def trace_covariance(vectors: np.ndarray) -> float:
    """Trace of the covariance: the sum over dimensions of the variance (n - 1); 0 for fewer than two.

    Of the embeddings at their own lengths: of unit vectors it would be the mean pairwise cosine distance again.
    """
    return float(vectors.var(axis=0, ddof=1).sum()) if len(vectors) > 1 else 0.0


def clusters(vectors: np.ndarray, n_clusters: int, seed: int = 0) -> np.ndarray:
    """A k-means cluster for each vector (of unit length), seeded; with fewer vectors than clusters, one each."""
    from sklearn.cluster import KMeans  # here, since who shows a table need not wait for it

    k = min(n_clusters, len(np.unique(vectors, axis=0)))
    if not k:
        return np.zeros(0, dtype=np.int32)
    return KMeans(k, n_init=3, random_state=seed).fit_predict(unit(vectors))  # type: ignore[arg-type]


def cluster_entropy(labels: np.ndarray) -> float:
    """Entropy in bits of the shares of the clusters: log2 of their number where all are equally full."""
    return entropy(np.bincount(labels)) if len(labels) else 0.0


def vendi_score(vectors: np.ndarray) -> float:
    """How many samples the set is worth: exp of the entropy of the eigenvalues of K / n, K the cosines of all pairs
    (Friedman and Dieng, TMLR 2023). From 1 (all alike) to n (all orthogonal), at most the number of dimensions.

    X Xᵀ and Xᵀ X have the same eigenvalues but for zeros, so the smaller one is taken.
    """
    if not len(vectors):
        return 0.0
    x = unit(vectors.astype(np.float64))
    kernel = x @ x.T if len(x) < x.shape[1] else x.T @ x
    shares = np.linalg.eigvalsh(kernel / len(x))
    shares = shares[shares > 1e-12]
    return float(np.exp(-(shares * np.log(shares)).sum()))
