"""How near a training set comes to each text of the anchor, by distances, cosines and gradients."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from fac_core.diversity.vectors import unit

N_NEIGHBOURS = 10
EXPONENT = 0.5
"""Of NovelSum's density."""


def likest(anchor: np.ndarray, chosen: np.ndarray, weight: np.ndarray | None = None) -> float:
    """mean_a max_s cos(a, s), `[anchors, d]` and `[texts, d]`: facility location, RDS+, and of gradients their likeness.

    Args:
        weight: `[anchors]`: how much each counts.
    """
    return float(np.average((unit(anchor) @ unit(chosen).T).max(axis=1), weights=weight))


def gradients(points: np.ndarray, p: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """(p - y)·φ, `[texts, d]`: what each text would change of a linear head."""
    return (p - positive)[:, None] * points


def farthest(anchor: np.ndarray, chosen: np.ndarray) -> float:
    """max_a min_s ‖a - s‖: the radius of k-centre."""
    return float(cdist(anchor, chosen).min(axis=1).max())


def reach(anchor: np.ndarray) -> float:
    """τ: the median distance of an anchor text to the next one."""
    distances = cdist(anchor, anchor)
    np.fill_diagonal(distances, np.inf)
    return float(np.median(distances.min(axis=1)))


def softly_covered(anchor: np.ndarray, chosen: np.ndarray, reach: float) -> float:
    """mean_a max_s exp(-‖a - s‖ / τ): 1 where the set holds every text of the anchor, about 1/e where it is as near as they are."""
    return float(np.exp(-cdist(anchor, chosen).min(axis=1) / reach).mean())


def novel_sum(anchor: np.ndarray, chosen: np.ndarray) -> float:
    """NovelSum (Yang et al., 2025): how far texts are from each other, near ones first, and in dense regions more.

    mean_s Σ_t w·ρ(t)^½·d(s, t) / Σ w; w = 1 / rank of t from s; d = 1 - cos; ρ = 1 / mean d to the nearest of the anchor.
    """
    to_anchor = np.sort(1 - unit(chosen) @ unit(anchor).T, axis=1)[:, :N_NEIGHBOURS]
    density = 1 / np.maximum(to_anchor.mean(axis=1), 1e-6)
    apart = 1 - unit(chosen) @ unit(chosen).T
    np.fill_diagonal(apart, -np.inf)  # itself comes first, and is left out
    order = np.argsort(apart, axis=1, kind="stable")[:, 1:]
    share = 1 / np.arange(1, len(chosen))
    distances = np.take_along_axis(apart, order, axis=1) * density[order] ** EXPONENT
    return float((distances @ share).mean() / share.sum())
