"""What a method answers to a case: how much each of the anchor's texts is lacking, and in which themes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fac_core.lab.holes.cases import Case

MAX_Q = 0.05
"""False discovery rate up to which a theme counts as reported."""


@dataclass(frozen=True)
class Theme:
    """Texts that are said to be missing together."""

    members: np.ndarray
    """Positions in the anchor, the one that belongs most first."""
    q: float
    """False discovery rate at which it would be reported."""


@dataclass(frozen=True)
class Answer:
    """What a method says."""

    scores: np.ndarray
    """float `[anchor]`: the higher, the more is such a text lacking."""
    themes: tuple[Theme, ...] = field(default=(), repr=False)
    """The strongest first; none of methods that have none."""
    significant: float | None = None
    """Share of what was tested (features, words, clusters) that is short at a false discovery rate of `MAX_Q`."""


def deficits(labels: np.ndarray, is_anchor: np.ndarray, n_clusters: int) -> np.ndarray:
    """z of (share in anchor - share in data) of each cluster 0 .. n - 1, by the pooled two-sample test of proportions.

    >>> deficits(np.array([0, 0, 1, 1]), np.array([True, True, False, False]), 2).tolist()
    [2.0, -2.0]
    """
    n_anchor, n_data = int(is_anchor.sum()), int((~is_anchor).sum())
    ours = np.bincount(labels[is_anchor], minlength=n_clusters)[:n_clusters]
    theirs = np.bincount(labels[~is_anchor], minlength=n_clusters)[:n_clusters]
    pooled = (ours + theirs) / (n_anchor + n_data)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n_anchor + 1 / n_data))
    return np.divide(ours / n_anchor - theirs / n_data, error, out=np.zeros(n_clusters), where=error > 0)


def by_clusters(case: Case, labels: np.ndarray, nearness: np.ndarray, n_clusters: int) -> Answer:
    """An answer from clusters of anchor and data together: a text lacks what its cluster lacks, a theme is a cluster.

    Args:
        labels: `[anchor + data]`, a cluster from 0, or -1 for none.
        nearness: `[anchor]`, how well each text of the anchor belongs to its cluster.
    """
    from scipy.stats import false_discovery_control, norm

    n_anchor = len(case.anchor)
    known = labels >= 0
    is_anchor = np.arange(len(labels)) < n_anchor
    z = np.zeros(n_clusters)
    if n_clusters:
        # Shares are of all texts, those without a cluster included.
        z = deficits(np.where(known, labels, n_clusters), is_anchor, n_clusters + 1)[:n_clusters]
    q = false_discovery_control(norm.sf(z)) if n_clusters else z
    ours = labels[:n_anchor]
    scores = np.where(ours >= 0, z[np.maximum(ours, 0)], 0.0) if n_clusters else np.zeros(n_anchor)
    themes = []
    for cluster in np.argsort(-z, kind="stable"):
        members = np.flatnonzero(ours == cluster)
        if z[cluster] > 0 and len(members):
            themes.append(Theme(members[np.argsort(-nearness[members], kind="stable")], float(q[cluster])))
    return Answer(scores, tuple(themes), share_significant(q))


def share_significant(q: np.ndarray | Sequence[float]) -> float:
    """Share of tests at a false discovery rate of at most `MAX_Q`; 0 without a test."""
    found = np.asarray(q)
    return float((found <= MAX_Q).mean()) if len(found) else 0.0
