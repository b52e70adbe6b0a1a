"""Themes as numbers: of the groups of texts, those that the data is short of, the surest first.

Each has to hold among the texts that no surer one explains, at equal length and at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from scipy import sparse

from fac_core.shortfall.counts import N_STRATA
from fac_core.shortfall.strata import Tally, length_edges, stratum_of, trend
from fac_core.themes.activity import Activity
from fac_core.themes.groups import LEAST_TEXTS, MOST_SHARE, groups

MOST_THEMES = 12

LEAST_Z = 2.0
"""Below it nothing is listed: what is left over is chance."""

_POWER, _SURENESS = 4, 3
"""Of z: where the evidence of many features or branches is added up, and of each kind's surest."""

_SURE_BRANCH = float(np.log(0.01))
"""Log p, Bonferroni's, from which a branch goes before features: texts of one kind are easier to name than what one feature has."""

_NEAREST, _FROM_NEAREST = 10, 0.4
"""Texts of like kind, and what a text takes over from them: they lack together."""


@dataclass(frozen=True)
class Sides:
    """Two datasets, and groups of their texts: one side says what there can be, the other may be short of it."""

    activity: tuple[Activity, Activity]
    members: tuple[sparse.csr_matrix, sparse.csr_matrix]
    """Of each side, `[texts, groups]`: 1 for who is in it."""
    is_branch: np.ndarray
    """bool `[groups]`: see `groups.Groups`."""
    is_alike: np.ndarray
    """The same."""
    points: tuple[np.ndarray, np.ndarray]
    """Of each side, `[texts, dimensions]`."""
    z: np.ndarray
    """`[d_sae]`: positive where the second side is short of a feature."""

    @classmethod
    def of(cls, one: Activity, other: Activity, z: np.ndarray, usable: np.ndarray, active_from: int) -> Sides:
        """
        Args:
            z: of every feature (`Counts.z`).
            usable: bool `[d_sae]`: features that may say what a text is about.
            active_from: the score from which a feature is active.
        """
        scores = sparse.csr_matrix(sparse.vstack([one.scores, other.scores]))
        found = groups(scores, usable, active_from)
        members = found.of(slice(len(one))), found.of(slice(len(one), None))
        points = found.points[: len(one)], found.points[len(one) :]
        return cls((one, other), members, found.is_branch, found.is_alike, points, np.where(usable, z, 0.0))

    @property
    def swapped(self) -> Sides:
        """The other way round: what one side is short of, the other has in excess."""
        (ours, theirs), (these, those), (here, there) = self.activity, self.members, self.points
        return Sides((theirs, ours), (those, these), self.is_branch, self.is_alike, (there, here), -self.z)

    @property
    def can_be_named(self) -> np.ndarray:
        """bool `[groups]`: those that are one matter on the first side, whatever the size of the other."""
        n_texts, _ = cast(tuple[int, int], self.members[0].shape)
        most = max(2 * LEAST_TEXTS, 2 * MOST_SHARE * n_texts)
        return self.is_alike | (np.asarray(self.members[0].sum(axis=0)).ravel() <= most)

    @property
    def strata(self) -> tuple[list[np.ndarray], int]:
        """The stratum of length of every text, by side; how many there are."""
        lengths = [part.n_tokens for part in self.activity]
        edges = length_edges(np.concatenate(lengths), N_STRATA)
        return [stratum_of(one, edges) for one in lengths], len(edges) + 1


@dataclass(frozen=True)
class Lack:
    """One theme that the second side is short of, without words."""

    weights: np.ndarray
    """`[d_sae]`: how much each feature makes it: short on the second side, at home in the group."""
    members: np.ndarray
    """Places, on the first side, of the group's texts; the most typical first."""
    belonging: tuple[np.ndarray, np.ndarray]
    """Of each side `[texts]`: how much each is of this theme, in the group or not."""
    n: tuple[int, int]
    """Texts of each side in this group and in none before."""
    z: float
    q: float
    """One-sided, Benjamini-Hochberg over the groups of its kind, doubled since there are two kinds."""


def lacks(sides: Sides) -> list[Lack]:
    """What the second side is short of, the surest first; those that do not hold (`q` above `rates.MAX_Q`) too."""
    found = []
    scores = sides.activity[0].scores
    for group, n, z, q in _one_by_one(sides):
        inside = sides.members[0][:, [group]].toarray()[:, 0] > 0
        home = _mean(scores[inside]) - _mean(scores[~inside])
        weights = np.clip(sides.z, 0, None) * np.clip(home, 0, None)
        if not weights.any():  # no feature says what the group is
            continue
        ours, theirs = (np.asarray(part.dampened @ weights) for part in sides.activity)
        members = np.flatnonzero(inside)
        points = sides.points[0][members]
        central = np.clip(points @ points.mean(axis=0), 0, None) if len(members) else members
        members = members[np.argsort(-ours[members] * central, kind="stable")]
        found.append(Lack(weights, members, (ours, theirs), n, z, q))
    return found


def lacking(sides: Sides) -> np.ndarray:
    """`[texts of the first side]`: how much each text is lacking on the second, by all that is short: features and branches,
    each kind as much as its surest one is sure, of the text and of its nearest.
    """
    strata, n = sides.strata
    branches = [sparse.csr_matrix(part[:, np.flatnonzero(sides.is_branch)]) for part in sides.members]
    of_branches = trend(*(Tally.of(*one, n) for one in zip(branches, strata, strict=True)))
    kinds = [
        (sides.activity[0].dampened, np.where(sides.z > 1, sides.z, 0)),
        (branches[0], np.clip(of_branches, 0, None)),
    ]
    total = np.zeros(len(sides.activity[0]))
    for texts, z in kinds:
        if z.any():
            evidence = texts @ z**_POWER
            total += evidence / max(evidence.max(), 1e-12) * z.max() ** _SURENESS
    return (1 - _FROM_NEAREST) * total + _FROM_NEAREST * total[_nearest(sides.points[0])].mean(axis=1)


def _nearest(points: np.ndarray) -> np.ndarray:
    """`[texts, n]`: the texts that are most like each, by angle; itself where there is no other."""
    from sklearn.neighbors import NearestNeighbors

    n = min(_NEAREST, len(points) - 1)
    if n < 1:
        return np.arange(len(points))[:, None]
    return NearestNeighbors(n_neighbors=n).fit(points).kneighbors(return_distance=False)


def _one_by_one(sides: Sides) -> Iterator[tuple[int, tuple[int, int], float, float]]:
    """Groups, the surest first: which, how many texts of each side that are in none before, z, q."""
    from scipy.stats import norm

    strata, n_strata = sides.strata
    tallies = [Tally.of(part, stratum, n_strata) for part, stratum in zip(sides.members, strata, strict=True)]
    free = [np.ones(len(stratum), dtype=bool) for stratum in strata]
    kinds = [kind for kind in (sides.is_branch, ~sides.is_branch) if kind.any()]
    tests = np.sum([kind * kind.sum() for kind in kinds], axis=0)  # how many there are of each one's kind
    can_be_named = sides.can_be_named
    for _ in range(MOST_THEMES if kinds else 0):
        z = np.where(can_be_named, trend(*tallies), 0.0)
        surest = norm.logsf(z) + np.log(tests)
        branches = np.where(sides.is_branch, surest, 0.0)
        best = int(np.argmin(branches if branches.min(initial=0.0) < _SURE_BRANCH else surest))
        if z[best] <= LEAST_Z:
            return
        inside = [part[:, [best]].toarray()[:, 0] > 0 for part in sides.members]
        taken = [rest & these for rest, these in zip(free, inside, strict=True)]
        yield best, (int(taken[0].sum()), int(taken[1].sum())), float(z[best]), _q(z, best, kinds)
        for side, these in enumerate(taken):
            free[side] &= ~these
            gone = Tally.of(sides.members[side][these], strata[side][these], n_strata)
            tallies[side] = replace(tallies[side] - gone, sizes=tallies[side].sizes)  # shares stay shares of all texts


def _q(z: np.ndarray, one: int, kinds: list[np.ndarray]) -> float:
    from scipy.stats import false_discovery_control, norm

    of_kind = np.flatnonzero(next(kind for kind in kinds if kind[one]))
    q = false_discovery_control(norm.sf(z[of_kind]))[np.searchsorted(of_kind, one)]
    return min(1.0, len(kinds) * float(q))


def _mean(scores: sparse.csr_matrix) -> np.ndarray:
    return np.asarray(scores.mean(axis=0)).ravel() if scores.shape[0] else np.zeros(scores.shape[1])  # type: ignore[index]
