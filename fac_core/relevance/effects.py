"""Feature by feature: in which of two datasets it is more common, by how much, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from fac_core.coverage.active import anchor_features, check_same_space
from fac_core.coverage.definition import PAPER, Definition
from fac_core.relevance.statistic import N_STRATA, against_background, association
from fac_core.store.runs.run_file import RunFile

_Z = 1.96
"""Of a 95 % interval."""


def effects(
    a: RunFile,
    b: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    hold_length: bool = True,
) -> pa.Table:
    """How much more common each feature of F(P) is in A than in B, the surest differences first.

    Args:
        hold_length: odds ratios compare samples of like length only (`statistic.association`); shares never do.

    Returns:
        `feature_id`; `n_a`, `n_b` (active samples) and their shares `share_a`, `share_b`; `difference` (A minus B)
        with `difference_low`, `difference_high` (95 %, Newcombe); `odds_ratio`, `odds_low`, `odds_high` (95 %) and `q`
        (Benjamini-Hochberg over all features that fire in either).

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does, `WrongUse` if lengths never meet and are to be held.
    """
    check_same_space(a, anchor)
    features = anchor_features(anchor, definition, relevant)
    cases = against_background(a, b, thresholds=features.thresholds)
    found = association(cases, n_strata=N_STRATA if hold_length else 1)
    n_a, n_b = found["n_positive"].to_numpy(), found["n_negative"].to_numpy()
    size_a, size_b = a.info.n_samples, b.info.n_samples
    difference, low, high = difference_of_shares(n_a, size_a, n_b, size_b)
    table = pa.table(
        {
            "feature_id": found["feature_id"],
            "n_a": n_a,
            "n_b": n_b,
            "share_a": n_a / size_a,
            "share_b": n_b / size_b,
            "difference": difference,
            "difference_low": low,
            "difference_high": high,
            "odds_ratio": found["odds_ratio"],
            "odds_low": found["low"],
            "odds_high": found["high"],
            "q": found["q"],
        }
    ).filter(pa.array(features.can_occur))
    ratio, low, high = (np.log(table[name].to_numpy()) for name in ("odds_ratio", "odds_low", "odds_high"))
    sureness = np.abs(ratio) / (high - low)
    return table.take(np.argsort(-sureness, kind="stable"))


def difference_of_shares(
    n_a: np.ndarray, size_a: int, n_b: np.ndarray, size_b: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`n_a / size_a - n_b / size_b` with its 95 % interval: the hybrid score interval of Newcombe (Statistics in Medicine
    17, 1998, method 10), made of two Wilson intervals. It stays within [-1, 1] and has a width at 0 and 1 too."""
    p_a, low_a, high_a = _wilson(n_a, size_a)
    p_b, low_b, high_b = _wilson(n_b, size_b)
    difference = p_a - p_b
    low = difference - np.sqrt((p_a - low_a) ** 2 + (high_b - p_b) ** 2)
    high = difference + np.sqrt((high_a - p_a) ** 2 + (p_b - low_b) ** 2)
    return difference, low, high


def _wilson(n: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share with its Wilson interval (JASA 22, 1927)."""
    p = n / size
    centre = (p + _Z**2 / (2 * size)) / (1 + _Z**2 / size)
    half = _Z / (1 + _Z**2 / size) * np.sqrt(p * (1 - p) / size + _Z**2 / (4 * size**2))
    return p, centre - half, centre + half
