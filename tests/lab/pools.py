"""Small pools whose truth is known, made in code."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fac_core.lab.sets.pool import Pool

D_SAE = 60


def labelled_pool(n: int = 400, *, seed: int = 0, signal: float = 2.0, topics: int = 8) -> Pool:
    """Rows of some topics; a topic has features of its own, and its own way of being positive.

    So a training set that lacks a topic misjudges it: covering more features helps by construction.
    """
    rng = np.random.default_rng(seed)
    topic = rng.integers(topics, size=n)
    positive = rng.random(n) < 0.3
    points = rng.normal(size=(n, 2 * topics)).astype(np.float32) * 0.3
    points[np.arange(n), topic] += 3
    points[np.arange(n), topics + topic] += np.where(positive, signal, -signal)
    values = rng.random((n, D_SAE)) * (rng.random((n, D_SAE)) < 0.05)
    for row, t in enumerate(topic):
        own = np.arange(t * D_SAE // topics, (t + 1) * D_SAE // topics)
        values[row, own] = rng.random(len(own)) + 0.2
    words = [" ".join(f"w{w}" for w in rng.integers(30, size=length)) for length in rng.integers(5, 40, size=n)]
    return Pool(
        "synthetic",
        "toxicity",
        tuple(words),
        positive,
        np.array([len(text.split()) for text in words], dtype=np.int64),
        sparse.csr_matrix(values.astype(np.float32)),
        points,
        points,
    )


def pair_pool(n: int = 300, *, seed: int = 0) -> Pool:
    """Pairs whose better answer is told by one direction."""
    pool, rng = labelled_pool(n, seed=seed), np.random.default_rng(seed)
    difference = rng.normal(size=pool.points.shape).astype(np.float32)
    difference[:, 0] = np.abs(difference[:, 0]) + 0.5
    return Pool(
        "pairs", "reward", pool.texts, np.ones(n, dtype=bool), pool.n_tokens, pool.activations, pool.points, difference
    )
