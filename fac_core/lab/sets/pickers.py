"""Ways of picking real samples: by coverage, by distance, by spread. Each returns positions in the order of picking."""

from __future__ import annotations

from typing import cast

import numpy as np
from scipy import sparse
from sklearn.cluster import KMeans

from fac_core.diversity.vectors import unit


def by_coverage(
    active: sparse.csr_matrix,
    n: int,
    *,
    min_count: int = 1,
    counts: np.ndarray | None = None,
    cost: np.ndarray | None = None,
    lowest: bool = False,
    rng: np.random.Generator,
) -> np.ndarray:
    """Greedy: the sample that adds most to features still short of `min_count`, again and again; ties are drawn.

    When nothing more can be gained, all features are wanted anew. `coverage.subset.greedy_order` is not the same: among
    equals it takes the first row and then it ends, so that draws of a kind of sets would not differ.

    Args:
        active: int `[samples, d_sae]`, 1 where a wanted feature is active.
        counts: `[d_sae]`, samples that are there already, by feature.
        cost: `[samples]`: gains are divided by it, for example tokens.
        lowest: pick what adds least instead.
    """
    n_rows, n_features = cast(tuple[int, int], active.shape)
    have = np.zeros(n_features) if counts is None else counts.astype(np.float64).copy()
    price = np.ones(n_rows) if cost is None else np.maximum(cost, 1)
    free = np.ones(n_rows, dtype=bool)
    noise = rng.random(n_rows) * 1e-6
    picked: list[int] = []
    rounds = min_count
    while len(picked) < min(n, n_rows):
        gain = active @ (have < rounds).astype(np.float64)
        if not lowest and not gain[free].any():
            if not (have < np.inf).any() or rounds > min_count + n:
                break
            rounds += 1
            continue
        value = np.where(free, (-gain if lowest else gain) / price + noise, -np.inf)
        best = int(np.argmax(value))
        free[best] = False
        picked.append(best)
        have += np.asarray(active[best].todense()).ravel()
    rest = rng.permutation(np.flatnonzero(free))  # samples that fire nothing wanted
    return np.array([*picked, *rest[: n - len(picked)]], dtype=np.int64)


def by_features(values: sparse.csr_matrix, features: np.ndarray, n: int) -> np.ndarray:
    """For one feature after the other, over and over, the strongest sample that is not picked yet.

    Args:
        values: float `[samples, d_sae]`: activations.
        features: ids, in the order in which they are served.
    """
    columns = values.tocsc()
    queues = []
    for feature in features:
        here = slice(columns.indptr[feature], columns.indptr[feature + 1])
        queues.append(list(columns.indices[here][np.argsort(columns.data[here])]))
    picked: dict[int, None] = {}
    while len(picked) < n and any(queues):
        for queue in queues:
            while queue and queue[-1] in picked:
                queue.pop()
            if queue and len(picked) < n:
                picked[int(queue.pop())] = None
    return np.array(list(picked), dtype=np.int64)


def shortfall(share: np.ndarray, counts: np.ndarray, n: int) -> np.ndarray:
    """`[d_sae]`: by how many standard deviations features are active in fewer of n samples than they should be.

    Unlike a gap, which may be rare everywhere, a large shortfall is no chance: Poisson's, (n·share - count) / √(n·share).
    """
    expected = n * share
    return np.divide(expected - counts, np.sqrt(expected), out=np.zeros(len(share)), where=expected > 0)


def largest(short: np.ndarray) -> np.ndarray:
    """Ids of features with a shortfall, the largest first."""
    order = np.argsort(-short, kind="stable")
    return order[short[order] > 0]


def by_spread(points: np.ndarray, n: int, *, rng: np.random.Generator) -> np.ndarray:
    """The samples nearest to the centres of n clusters (k-means), in random order."""
    if n >= len(points):
        return rng.permutation(len(points))
    means = KMeans(n, n_init="auto", max_iter=20, random_state=int(rng.integers(2**31))).fit(points)
    distance = means.transform(points)
    picked: dict[int, None] = {}
    for cluster in rng.permutation(n):
        order = np.argsort(distance[:, cluster])
        picked[int(next(i for i in order if int(i) not in picked))] = None
    return np.array(list(picked), dtype=np.int64)


def by_distance(points: np.ndarray, centre: int, n: int) -> np.ndarray:
    """The samples most like one of them, by cosine, itself first."""
    return np.argsort(-(unit(points) @ unit(points[centre : centre + 1])[0]), kind="stable")[:n]
