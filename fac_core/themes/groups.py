"""Groups of texts that may turn out to be themes, formed with no regard to which dataset a text is from.

Who looks for the largest differences finds some in any data. A group that was formed blind differs by chance no more often than
any other, so every one can be tested on all texts. Two kinds complement each other: branches of a tree over all that the texts
fire, which find sets of a kind of their own, and the texts that one feature fires in, at all and strongly, which find a matter that runs through
many kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import sparse

DIMENSIONS = 64
"""Of the space in which the tree is grown."""

LEAST_TEXTS = 8
"""A smaller group says nothing beyond chance."""

MOST_SHARE = 0.08
"""Of all texts: a larger group is many matters, not one that a person could name, unless its halves are alike."""

LEAST_ALIKE = 0.75
"""Cosine of the means of halves that are one matter: halves of one set of questions have .8, contracts and verdicts .68."""

_LEAST_ACTIVE = 3


@dataclass(frozen=True)
class Groups:
    """Who is in which group."""

    members: sparse.csr_matrix
    """`[texts, groups]`: 1 for who is in it."""
    is_branch: np.ndarray
    """bool `[groups]`: a branch of the tree, or the texts that a feature fires in."""
    is_alike: np.ndarray
    """bool `[groups]`: a branch of halves that are alike, which is one matter however large it is."""
    points: np.ndarray
    """`[texts, dimensions]`, of unit length or 0: where each text stands in the space of the tree."""

    def __len__(self) -> int:
        return len(self.is_branch)

    def of(self, texts: slice) -> sparse.csr_matrix:
        """Who of some texts."""
        return sparse.csr_matrix(self.members[texts])


def groups(scores: sparse.csr_matrix, usable: np.ndarray, active_from: int) -> Groups:
    """Groups of texts by what they fire.

    Args:
        scores: `[texts, d_sae]`, of both datasets together.
        usable: bool `[d_sae]`: features that may say what a text is about.
        active_from: the score from which a feature is active.

    >>> scores = sparse.csr_matrix(np.kron(np.eye(2), np.ones((10, 4))))
    >>> groups(scores, np.ones(8, bool), 1).of(slice(10)).sum(axis=0).max()
    np.float64(10.0)
    """
    kept = sparse.csc_matrix(scores[:, np.flatnonzero(usable)])
    points = _space(kept)
    most_texts = max(2 * LEAST_TEXTS, int(MOST_SHARE * len(points)))
    branches, alike = _branches(points, most_texts)
    by_feature = [(kept >= least).astype(float) for least in sorted({1, active_from})]  # type: ignore[attr-defined]
    members = sparse.csc_matrix(sparse.hstack([branches, *by_feature]))
    is_branch = np.arange(members.shape[1]) < branches.shape[1]  # type: ignore[index]
    sizes = np.diff(members.indptr)
    told = np.flatnonzero(is_branch | (sizes >= LEAST_TEXTS) & (sizes <= most_texts))
    is_alike = np.concatenate([alike, np.zeros(len(is_branch) - len(alike), dtype=bool)])
    return Groups(sparse.csr_matrix(members[:, told]), is_branch[told], is_alike[told], points)


def _space(scores: sparse.csc_matrix) -> np.ndarray:
    """`[texts, dimensions]`, rows of unit length: rare features weigh more, and long texts no more than short ones."""
    from sklearn.decomposition import TruncatedSVD  # here: it takes a second to load
    from sklearn.preprocessing import normalize

    n_texts, _ = cast(tuple[int, int], scores.shape)
    n_active = np.diff(scores.indptr)
    known = np.flatnonzero(n_active >= _LEAST_ACTIVE)
    rarity = np.log(n_texts / np.maximum(n_active[known], 1))
    dimensions = min(DIMENSIONS, n_texts - 1, len(known) - 1)
    if n_texts < LEAST_TEXTS or dimensions < 2:  # nothing to grow a tree from
        return np.zeros((n_texts, 1))
    weighted = normalize(sparse.csr_matrix(scores[:, known] @ sparse.diags_array(rarity)))
    return np.asarray(normalize(TruncatedSVD(dimensions, random_state=0).fit_transform(weighted)))


def _branches(points: np.ndarray, most_texts: int) -> tuple[sparse.csc_matrix, np.ndarray]:
    """`[texts, branches]`: the branches of the tree that Ward's rule grows, those that are one matter; which are of like halves."""
    from scipy.cluster.hierarchy import linkage

    n = len(points)
    if n < LEAST_TEXTS:
        return sparse.csc_matrix((n, 0)), np.zeros(0, dtype=bool)
    # Of texts that are alike in all, those that come first are joined first: drawn, lest that be those of one dataset.
    drawn = np.random.default_rng(0).permutation(n)
    open_ends = {place: _Branch([text], points[text], True) for place, text in enumerate(drawn.tolist())}
    rows, starts, alike = [], [0], []
    for joint, (one, other, _, _) in enumerate(linkage(points[drawn], "ward"), n):
        branch = open_ends[joint] = open_ends.pop(int(one)).joined(open_ends.pop(int(other)), most_texts)
        if branch.is_one and len(branch.texts) >= LEAST_TEXTS:
            rows += branch.texts
            starts.append(len(rows))
            alike.append(branch.is_alike)
    cells = np.ones(len(rows)), np.array(rows, dtype=np.int64), starts
    return sparse.csc_matrix(cells, shape=(n, len(alike))), np.array(alike, dtype=bool)


@dataclass(frozen=True)
class _Branch:
    texts: list[int]
    total: np.ndarray
    """`[dimensions]`: the sum of their points."""
    is_one: bool
    """One matter: few texts, or halves that are alike, of which one is."""
    is_alike: bool = False

    def joined(self, other: _Branch, most_texts: int) -> _Branch:
        texts = self.texts + other.texts
        alike = self.total @ other.total >= LEAST_ALIKE * np.linalg.norm(self.total) * np.linalg.norm(other.total)
        is_alike = bool(alike and (self.is_one or other.is_one))
        return _Branch(texts, self.total + other.total, is_alike or len(texts) <= most_texts, is_alike)
