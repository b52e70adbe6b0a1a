"""How much hangs on the labels? Flip some verdicts and see which gaps come and go (the paper's Tab. 6)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NoiseEffect:
    """What flipping a share of the verdicts does to F_miss."""

    share: float
    """Of the judged features, flipped."""
    jaccard: float
    """|before ∩ after| / |before ∪ after| of the gaps, averaged over the repeats."""
    jaccard_sd: float
    n_gaps: float
    """Gaps after flipping, on average."""


def flip_effect(
    relevant: Collection[int], missing: Collection[int], d_sae: int, share: float, *, repeats: int = 20, seed: int = 0
) -> NoiseEffect:
    """Flip relevant to irrelevant and back for a random `share` of all features, as many of each as there are.

    Args:
        relevant: features judged relevant.
        missing: features that the anchor has and the run lacks, relevant or not.
    """
    is_relevant, is_missing = np.zeros(d_sae, dtype=bool), np.zeros(d_sae, dtype=bool)
    is_relevant[list(relevant)] = True
    is_missing[list(missing)] = True
    before = is_relevant & is_missing
    rng = np.random.default_rng(seed)
    scores, sizes = [], []
    for _ in range(repeats):
        flipped = is_relevant ^ (rng.random(d_sae) < share)
        after = flipped & is_missing
        union = int((before | after).sum())
        scores.append((before & after).sum() / union if union else 1.0)
        sizes.append(int(after.sum()))
    return NoiseEffect(share, float(np.mean(scores)), float(np.std(scores)), float(np.mean(sizes)))


def flip_rate(before: Collection[int], after: Collection[int], n_judged: int) -> float:
    """Share of the judged features whose relevance differs between two judges."""
    return len(set(before) ^ set(after)) / max(1, n_judged)
