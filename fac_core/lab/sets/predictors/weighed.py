"""Coverage of some features only, or of some more than others: those that a head errs on, and those that fire reliably."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from scipy import sparse

from fac_core.diversity.vectors import unit

N_TOP, N_NEIGHBOURS = 5, 10
LEAST_SENSITIVE = 0.5


def residuals(activations: sparse.csr_matrix, p: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Σ_a (y - p)·g_i(a), `[d_sae]`: above 0 where a head takes texts with the feature for less positive than they are.

    Args:
        activations: `[anchors, d_sae]`; p, positive: `[anchors]`.
    """
    return np.asarray(activations.T @ (positive - p)).ravel()


def residual_coverage(counts: Sequence[np.ndarray], residual: np.ndarray, can_occur: np.ndarray, needed: int) -> float:
    """Σ u_i·1[n_i ≥ m] / Σ u_i with u = |residual|, n_i counted among texts of the label that would lower the residual.

    Args:
        counts: two of `[d_sae]`: positive texts of the set with the feature, and negative ones.
        can_occur: bool `[d_sae]`: features that the anchor has.
        needed: m.
    """
    there = np.where(residual > 0, *counts) >= needed
    u = np.abs(residual) * can_occur
    return float(u[there].sum() / u.sum()) if u.any() else float("nan")


def sensitivity(activations: sparse.csr_matrix, points: np.ndarray) -> np.ndarray:
    """Of each feature: in what share of the neighbours of its top texts it fires, `[d_sae]`; 0 where it fires in no text.

    Its top texts themselves are no neighbours. A feature that is about something should fire on texts like those it fires on.

    Args:
        activations: `[anchors, d_sae]`; points: `[anchors, d]`: neighbours are by cosine.
    """
    near = unit(points) @ unit(points).T
    np.fill_diagonal(near, -np.inf)
    neighbours = np.zeros(near.shape, dtype=bool)
    np.put_along_axis(neighbours, np.argsort(-near, axis=1, kind="stable")[:, :N_NEIGHBOURS], True, axis=1)
    columns = sparse.csc_matrix(activations)
    found = np.zeros(cast(tuple[int, int], columns.shape)[1])
    fires = np.zeros(len(points), dtype=bool)
    for feature in np.flatnonzero(np.diff(columns.indptr)):
        here = slice(columns.indptr[feature], columns.indptr[feature + 1])
        rows, values = columns.indices[here], columns.data[here]
        top = rows[np.argsort(-1.0 * values, kind="stable")[:N_TOP]]
        around = np.array(neighbours[top].any(axis=0))
        around[top] = False
        fires[rows] = True
        found[feature] = fires[around].mean() if around.any() else 0.0
        fires[rows] = False
    return found
