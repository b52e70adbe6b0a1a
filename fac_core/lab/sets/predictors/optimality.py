"""How sure a linear head would be: the variance that a training set leaves in its answers on the anchor.

For a logistic head with a Gaussian prior of precision λ the set's information is λI + Σ p(1-p) φφᵀ, and φᵀ(…)⁻¹φ the variance
of its margin at φ. No label of the anchor is needed for it, and none of the set.
"""

from __future__ import annotations

import numpy as np


def variance_left(anchor: np.ndarray, chosen: np.ndarray, weight: np.ndarray, strength: float) -> float:
    """V = mean_a φ_aᵀ(λI + Σ_s w_s φ_s φ_sᵀ)⁻¹φ_a. In the space of the set's texts, which are fewer than dimensions.

    Args:
        anchor: `[anchors, d]`; chosen: `[texts, d]`.
        weight: `[texts]`: p(1-p) of each.
        strength: λ.

    >>> one = np.array([[2.0]])
    >>> variance_left(one, one, np.array([0.25]), 3.0)
    1.0
    """
    rows = chosen * np.sqrt(weight)[:, None]
    information = rows @ rows.T + strength * np.eye(len(rows))
    known = np.linalg.solve(np.linalg.cholesky(information), rows @ anchor.T)
    return float(((anchor**2).sum(axis=1) - (known**2).sum(axis=0)).mean() / strength)


def log_volume(chosen: np.ndarray, strength: float) -> float:
    """log det(I + ΦΦᵀ / λ): how much of space the texts span; texts twice add little."""
    return float(np.linalg.slogdet(np.eye(len(chosen)) + chosen @ chosen.T / strength)[1])
