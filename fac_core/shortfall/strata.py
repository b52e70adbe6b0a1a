"""Two groups of samples compared at equal length: Mantel-Haenszel over strata. Counts in, one number a feature out.

A longer text fires more features, so samples are compared only with samples of like length. The trend is that of Mantel
(JASA 58, 1963) for ordered scores, which for zeros and ones is Cochran-Mantel-Haenszel; the variance of the log odds ratio
is that of Robins, Breslow and Greenland (Biometrics 42, 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

CORRECTION = 0.5
"""Added to each cell, spread over the strata: an odds ratio without counterexamples stays finite."""


@dataclass(frozen=True)
class Tally:
    """What a group of samples shows, by stratum. Tallies of disjoint samples add up."""

    sums: np.ndarray
    """`[strata, features]`: sum of the samples' scores."""
    squares: np.ndarray
    """The same of the squared scores."""
    above: np.ndarray
    """The same, but samples in which the feature counts as active."""
    sizes: np.ndarray
    """`[strata]`: samples."""

    def __add__(self, other: Tally) -> Tally:
        pairs = zip(self, other, strict=True)
        return Tally(*(ours + theirs for ours, theirs in pairs))

    def __sub__(self, other: Tally) -> Tally:
        pairs = zip(self, other, strict=True)
        return Tally(*(ours - theirs for ours, theirs in pairs))

    def __iter__(self):
        return iter((self.sums, self.squares, self.above, self.sizes))

    @property
    def pooled(self) -> Tally:
        """As if all lengths were one stratum."""
        return Tally(*(part.sum(axis=0, keepdims=True) for part in self))

    @classmethod
    def of(cls, scores: sparse.csr_matrix, strata: np.ndarray, n_strata: int, active_from: int = 1) -> Tally:
        """Of scores in memory, `[samples, features]`.

        >>> Tally.of(sparse.csr_matrix([[1.0], [0.0]]), np.array([0, 1]), 2).sums.tolist()
        [[1.0], [0.0]]
        """
        cells = (np.ones(len(strata)), (strata, np.arange(len(strata))))
        members = sparse.csr_matrix(cells, shape=(n_strata, len(strata)))
        parts = (scores, scores.power(2), (scores >= active_from).astype(np.int64))  # type: ignore[attr-defined]
        sums, squares, above = (sparse.csr_matrix(members @ part).toarray() for part in parts)
        sizes = np.bincount(strata, minlength=n_strata)
        return cls(sums, squares, above, sizes)


def length_edges(n_tokens: np.ndarray, n: int) -> np.ndarray:
    """Where strata of like size end, in tokens; fewer than n where many samples are of one length.

    >>> length_edges(np.array([1, 2, 3, 4]), 2).tolist()
    [2.5]
    """
    return np.unique(np.quantile(n_tokens, np.arange(1, n) / n))


def stratum_of(n_tokens: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """`[samples]`: the stratum of each, 0..len(edges).

    >>> stratum_of(np.array([1, 9]), np.array([2.5])).tolist()
    [0, 1]
    """
    return np.searchsorted(edges, n_tokens, side="left")


def trend(anchor: Tally, data: Tally) -> np.ndarray:
    """`[features]`: z, positive where the anchor scores higher than the data at equal length *and* at all.

    The smaller of both z, 0 where they disagree. Strata alone would report texts that were only cut short or joined: a long
    text's beginning is of another kind than a short text.

    >>> a, d = (Tally(np.array([[n]]), np.array([[n]]), np.array([[n]]), np.array([20])) for n in (15, 5))
    >>> round(float(trend(a, d)[0]), 2)
    3.12
    """
    at_equal_length, at_all = _z(anchor, data), _z(anchor.pooled, data.pooled)
    agree = np.sign(at_equal_length) == np.sign(at_all)
    return np.where(agree, np.sign(at_all) * np.minimum(np.abs(at_equal_length), np.abs(at_all)), 0.0)


def _z(anchor: Tally, data: Tally) -> np.ndarray:
    na, nd = (part.sizes[:, None].astype(float) for part in (anchor, data))
    n, total = na + nd, anchor.sums + data.sums
    both = (na > 0) & (nd > 0)
    n = np.where(both, n, 2)  # a stratum of one kind compares nothing
    excess = np.where(both, anchor.sums - na * total / n, 0).sum(axis=0)
    spread = anchor.squares + data.squares - total**2 / n
    variance = np.where(both, na * nd / (n * (n - 1)) * spread, 0).sum(axis=0)
    return np.divide(excess, np.sqrt(variance), out=np.zeros_like(excess), where=variance > 1e-9)


def log_odds(
    active: np.ndarray, n: np.ndarray, other: np.ndarray, n_other: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log odds ratio of being active in the one group against the other, and its standard error, `[features]` each.

    Args:
        active, other: `[strata, features]`: active samples of both groups.
        n, n_other: `[strata]`: their samples.

    Both are not a number where no stratum has samples of both groups.

    >>> odds, _ = log_odds(np.array([[15]]), np.array([20]), np.array([[5]]), np.array([20]))
    >>> round(float(odds[0]), 2)
    2.07
    """
    both = (n > 0) & (n_other > 0)
    extra = CORRECTION / max(1, both.sum())
    a, b = active[both] + extra, other[both] + extra
    c, d = n[both, None] + 2 * extra - a, n_other[both, None] + 2 * extra - b
    total = a + b + c + d
    r, s, p, q = a * d / total, b * c / total, (a + d) / total, (b + c) / total
    R, S = r.sum(axis=0), s.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = (
            (p * r).sum(axis=0) / (2 * R**2)
            + (p * s + q * r).sum(axis=0) / (2 * R * S)
            + (q * s).sum(axis=0) / (2 * S**2)
        )
        return np.log(R / S), np.sqrt(variance)
