"""Themes as numbers: short features and the anchor's texts factorised together, and tested on texts that did not shape them.

Who looks for the largest differences finds some in any data, so nothing is tested on the texts that it was found in. Features
are weighted by their z and factorised (NMF) on one half of the samples and counted on the other, and the other way round. A
theme has to hold among the texts that no surer one explains.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from fac_core.shortfall.counts import N_HALVES, N_STRATA, Counts
from fac_core.shortfall.strata import Tally, length_edges, stratum_of, trend
from fac_core.themes.activity import Activity

FEWEST, MOST = 4, 16
"""Factors that are looked for in a half; the number of themes is what remains of them."""

FEATURES_A_FACTOR = 40
"""The more features are short, the more factors are looked for: between `FEWEST` and `MOST`."""

LEAST_Z = 2.0
"""Features below it are no part of a theme: what is left over is chance."""

_BELONGS = 0.7
"""A text belongs to a theme from this share of what the theme's ten strongest texts have."""

_STRONGEST = 10


@dataclass(frozen=True)
class Factor:
    """One theme, without words."""

    weights: np.ndarray
    """`[d_sae]`: of each feature; 0 where it is no part of it."""
    belonging: np.ndarray
    """`[anchor texts]`: how much each is of this theme."""
    data_belonging: np.ndarray
    """`[data texts]`."""
    in_anchor: tuple[int, int]
    """Anchor texts that belong to it and to none before, of those that had no part in finding it."""
    in_data: tuple[int, int]
    z: float
    """Positive where the data is short of it, at equal length and at all."""
    q: float
    """One-sided, Benjamini-Hochberg over all factors."""


def features_of(counts: Counts, *, surplus: bool = False) -> np.ndarray:
    """The features that either half needs: short in it (or in surplus).

    >>> from fac_core.shortfall.counts import count
    >>> features_of(count(view.q, view.p)).tolist()
    [2, 3]
    """
    sign = -1 if surplus else 1
    return np.flatnonzero(np.any([sign * counts.z(half) > LEAST_Z for half in range(N_HALVES)], axis=0))


def factors(counts: Counts, anchor: Activity, data: Activity, *, surplus: bool = False) -> list[Factor]:
    """The themes, the surest first, those that do not hold (`q` above `rates.MAX_Q`) too. For a surplus, what the anchor is short of.

    Args:
        anchor, data: with the scores of `features_of(counts)` at least.
    """
    from scipy.stats import false_discovery_control, norm

    short, other = (data, anchor) if surplus else (anchor, data)
    edges = length_edges(np.concatenate([short.n_tokens, other.n_tokens]), N_STRATA)
    found: list[_Found] = []
    for half in range(N_HALVES):
        fitted = _fit((-1 if surplus else 1) * counts.z(half), short.dampened[short.halves == half])
        if fitted is not None:
            found += [_Found(weights, least, half) for weights, least in zip(*fitted, strict=True)]
    members = [[part.dampened @ one.weights > one.least for one in found] for part in (short, other)]
    strata = [stratum_of(part.n_tokens, edges) for part in (short, other)]
    held_out = [[part.halves != one.half for one in found] for part in (short, other)]
    order, z, counts_of = _one_by_one(members, held_out, strata, len(edges) + 1)
    q = false_discovery_control(norm.sf(z)) if len(z) else z
    themes = []
    for place, k in enumerate(order):
        counted = [(n, int(held[k].sum())) for n, held in zip(counts_of[place], held_out, strict=True)]
        belonging = [part.dampened @ found[k].weights for part in (short, other)]
        if surplus:
            counted, belonging = counted[::-1], belonging[::-1]
        if z[place] > 0:
            (ours, theirs), (n_ours, n_theirs) = belonging, counted
            themes.append(Factor(found[k].weights, ours, theirs, n_ours, n_theirs, float(z[place]), float(q[place])))
    return themes


@dataclass(frozen=True)
class _Found:
    weights: np.ndarray
    least: float
    half: int


def _fit(z: np.ndarray, texts: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray] | None:
    """Weights `[factors, d_sae]` and from what on a text belongs `[factors]`; None where fewer than two features are short."""
    from sklearn.decomposition import NMF  # here: it takes a second to load
    from sklearn.exceptions import ConvergenceWarning

    kept = np.flatnonzero(z > LEAST_Z)
    n_texts = int(texts.shape[0])  # type: ignore[index]
    n = min(int(np.clip(len(kept) // FEATURES_A_FACTOR, FEWEST, MOST)), len(kept), n_texts)
    if n < 2:
        return None
    weighted = sparse.csr_matrix(texts[:, kept] @ sparse.diags_array(z[kept]))
    if weighted.nnz == 0:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", (ConvergenceWarning, RuntimeWarning))  # near enough is enough: it is tested
        model = NMF(n, init="nndsvda", random_state=0, max_iter=100, tol=1e-3)  # type: ignore[arg-type]
        components = model.fit(weighted).components_
    weights = np.zeros((n, len(z)))
    weights[:, kept] = _unit(components) * z[kept]
    belonging = np.sort(texts @ weights.T, axis=0)[-_STRONGEST:].mean(axis=0)
    return weights, _BELONGS * belonging


def _one_by_one(
    members: list[list[np.ndarray]], held_out: list[list[np.ndarray]], strata: list[np.ndarray], n_strata: int
) -> tuple[list[int], np.ndarray, list[list[int]]]:
    """Factors, the surest first, with the z of each, and who belongs, among held-out texts that belong to none before it."""
    free = [np.ones(len(stratum), dtype=bool) for stratum in strata]
    left, order, found, counted = list(range(len(members[0]))), [], [], []
    while left:
        z = {}
        for k in left:
            asked = [rest & held[k] for rest, held in zip(free, held_out, strict=True)]
            tallies = [
                Tally.of(sparse.csr_matrix(part[k][rest, None].astype(float)), stratum[rest], n_strata)
                for part, rest, stratum in zip(members, asked, strata, strict=True)
            ]
            z[k] = trend(*tallies)[0]
        best = max(left, key=z.__getitem__)
        order.append(best)
        found.append(z[best])
        counted.append(
            [
                int((part[best] & rest & held[best]).sum())
                for part, rest, held in zip(members, free, held_out, strict=True)
            ]
        )
        left.remove(best)
        free = [rest & ~part[best] for rest, part in zip(free, members, strict=True)]
    return order, np.array(found), counted


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-12)
