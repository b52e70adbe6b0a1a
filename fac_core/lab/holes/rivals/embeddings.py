"""Contestants that look at sentence embeddings (all-MiniLM): clusters, neighbours, a classifier, topics by density."""

from __future__ import annotations

import numpy as np

from fac_core.lab.holes.answers import Answer, by_clusters
from fac_core.lab.holes.cases import Case

N_CLUSTERS = 60
N_NEIGHBOURS = 20
_LEAST_TOPIC = 10


def clusters(case: Case) -> Answer:
    """k-means of anchor and data together; what a text lacks is how much rarer its cluster is in the data."""
    from sklearn.cluster import KMeans

    vectors = _both(case)
    n = min(N_CLUSTERS, len(vectors) // 5)
    model = KMeans(n, n_init=1, random_state=0)  # type: ignore[arg-type]
    labels = model.fit_predict(vectors)
    centres = model.cluster_centers_ / np.linalg.norm(model.cluster_centers_, axis=1, keepdims=True)
    nearness = np.einsum("nd,nd->n", vectors[: len(case.anchor)], centres[labels[: len(case.anchor)]])
    return by_clusters(case, labels, nearness, n)


def neighbour_ratio(case: Case) -> Answer:
    """Share of the anchor among the neighbours of a text in anchor and data, itself left out; ties by distance."""
    ours, theirs = _sides(case)
    near_ours = np.sort(_without_self(ours @ ours.T), axis=1)[:, ::-1][:, :N_NEIGHBOURS]
    near_theirs = np.sort(ours @ theirs.T, axis=1)[:, ::-1][:, :N_NEIGHBOURS]
    both = np.hstack([near_ours, near_theirs])
    last = np.sort(both, axis=1)[:, ::-1][:, N_NEIGHBOURS - 1 : N_NEIGHBOURS]
    share = (near_ours >= last).sum(axis=1) / N_NEIGHBOURS
    expected = len(ours) / (len(ours) + len(theirs))
    return Answer(share - expected + 1e-3 * (near_ours.mean(axis=1) - near_theirs.mean(axis=1)))


def neighbour_distance(case: Case) -> Answer:
    """Mean cosine distance to the five nearest texts of the data."""
    ours, theirs = _sides(case)
    n = min(5, len(theirs))
    return Answer(1 - np.sort(ours @ theirs.T, axis=1)[:, ::-1][:, :n].mean(axis=1))


def domain_classifier(case: Case) -> Answer:
    """Log odds that a text is of the anchor, by logistic regression that has not seen it (five folds)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    vectors = _both(case)
    is_anchor = np.arange(len(vectors)) < len(case.anchor)
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=300)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    said = cross_val_predict(model, vectors, is_anchor, cv=folds, method="decision_function")
    return Answer(np.asarray(said)[: len(case.anchor)])


def topics(case: Case) -> Answer:
    """Clusters by density (HDBSCAN) in five dimensions (UMAP), as topic models on embeddings make them."""
    from sklearn.cluster import HDBSCAN

    points = case.collection.reduced[np.concatenate([case.anchor, case.data])]
    model = HDBSCAN(min_cluster_size=_LEAST_TOPIC, copy=True).fit(points)  # type: ignore[arg-type]
    n = int(model.labels_.max()) + 1
    return by_clusters(case, model.labels_, model.probabilities_[: len(case.anchor)], n)


def _sides(case: Case) -> tuple[np.ndarray, np.ndarray]:
    vectors = case.collection.embeddings
    return vectors[case.anchor], vectors[case.data]


def _both(case: Case) -> np.ndarray:
    return np.concatenate(_sides(case))


def _without_self(similarity: np.ndarray) -> np.ndarray:
    np.fill_diagonal(similarity, -np.inf)
    return similarity
