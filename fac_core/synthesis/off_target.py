"""What else the texts of a batch fire: features that are oftener active in them than in real texts.

A synthetic set has a manner of its own. Features that it moves beside its targets show which: openings that repeat, a
topic that the generator likes, the form of its prompt.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from fac_core.store.measurements import Measurement

SMOOTHING = 0.5
"""Added to every count, so that a feature without real activations has a finite lift."""


def off_target(
    measurements: Collection[Measurement],
    delta: np.ndarray,
    anchor_active: np.ndarray,
    n_anchor: int,
    targets: Collection[int],
) -> pa.Table:
    """Every feature that some text of the batch fires, the most moved first.

    Args:
        delta: float32 `[d_sae]`, δ of every feature.
        anchor_active: int `[d_sae]`, samples of the anchor in which it is active above it.
        targets: features that the batch was to fire.

    Returns:
        `feature_id`; `n_active`, `share` (of the batch's texts); `anchor_share`; `lift` (their ratio, smoothed); `z` (of
        the difference of the two shares); `is_target`.
    """
    n_active = np.zeros(len(delta), dtype=np.int64)
    for one in measurements:
        n_active[one.feature_ids[one.activations > delta[one.feature_ids]]] += 1
    n = max(len(measurements), 1)
    ids = np.flatnonzero(n_active)
    mine, theirs = n_active[ids], anchor_active[ids]
    share, anchor_share = mine / n, theirs / n_anchor
    pooled = (mine + theirs + 2 * SMOOTHING) / (n + n_anchor + 2)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n_anchor))
    table = pa.table(
        {
            "feature_id": ids.astype(np.uint32),
            "n_active": mine,
            "share": share,
            "anchor_share": anchor_share,
            "lift": ((mine + SMOOTHING) / (n + 1)) / ((theirs + SMOOTHING) / (n_anchor + 1)),
            "z": (share - anchor_share) / spread,
            "is_target": np.isin(ids, list(targets)),
        }
    )
    return table.sort_by([("z", "descending"), ("feature_id", "ascending")])
