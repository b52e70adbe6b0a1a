"""A small collection whose groups are known, made in code: each group has words, features and a place of its own."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from fac_core.lab.holes.collection import Collection

D_SAE = 120
GROUPS = ("law", "medicine", "sport", "cooking", "music", "travel")


def collection(n: int = 600, *, seed: int = 0, derived: bool = False) -> Collection:
    """Texts of six groups, equally many; with `derived`, also shorter and joined ones of the same groups."""
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % len(GROUPS)
    length = rng.integers(15, 50, size=n)
    n_own, cut, joined = n, np.zeros((0, 2), dtype=np.int64), np.zeros((0, 3), dtype=np.int64)
    made_of = [[row] for row in range(n)]
    if derived:
        pairs = rng.permutation(n).reshape(-1, 2)
        cut = np.column_stack([np.arange(n), n + np.arange(n)])
        joined = np.column_stack([pairs, 2 * n + np.arange(len(pairs))])
        made_of += [[row] for row in range(n)] + pairs.tolist()
        length = np.concatenate([length, np.maximum(1, length // 2), length[pairs].sum(axis=1)])
    texts, values, points = [], np.zeros((len(made_of), D_SAE), dtype=np.float32), []
    for row, parts in enumerate(made_of):
        words, place = [], np.zeros(16)
        for part in parts:
            k, size = kind[part], max(1, int(length[row]) // len(parts))
            own = rng.random(size) < 0.4
            words += [f"{GROUPS[k]}{rng.integers(8)}" if mine else f"w{rng.integers(40)}" for mine in own]
            # Every word fires features: those of its group, or any.
            fired = np.where(own, k * 10 + rng.integers(10, size=size), 60 + rng.integers(60, size=size))
            np.maximum.at(values[row], fired, rng.random(size).astype(np.float32) + 0.1)
            place[k] += 1
        texts.append(" ".join(words))
        points.append(place + rng.normal(size=16) * 0.15)
    vectors = np.array(points, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    members = {
        name: np.concatenate([kind == k, np.zeros(len(made_of) - n, dtype=bool)]) for k, name in enumerate(GROUPS)
    }
    return Collection(
        "made up",
        tuple(texts),
        np.asarray(length, dtype=np.int64),
        members,
        sparse.csr_matrix(values),
        vectors,
        vectors * 10,
        vectors[:, :5],
        n_own,
        cut,
        joined,
    )
