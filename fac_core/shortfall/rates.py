"""Shortfall: which features does the data fire less often than the anchor, at equal text length, beyond chance?

FAC asks whether a feature fires at all and fills up with size and length. Shortfall compares rates, sample by sample at
equal length, and finds holes in the data that FAC cannot see.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from fac_core.shortfall.counts import Counts
from fac_core.shortfall.strata import log_odds

State = Literal["absent", "rare", "even", "surplus", "only yours"]

MAX_Q = 0.05
"""False discovery rate up to which a difference counts."""


def shortfall(counts: Counts) -> pa.Table:
    """One row a feature.

    Returns:
        `feature_id`; `n_anchor`, `n_data` (active samples), `anchor_rate`, `data_rate`, `difference` (0 to 1, positive where
        the data is short); `log_odds` with its 95 % interval `low`, `high` (at equal length, anchor against data; null where
        no lengths are alike); `z`; `q` (two-sided, Benjamini-Hochberg over the features that can be compared, 1 for the
        others); `state`.

    >>> from fac_core.shortfall.counts import count
    >>> shortfall(count(view.q, view.p))["state"].to_pylist()
    ['even', 'surplus', 'absent', 'absent', 'absent', 'even', 'even', 'even']
    """
    from scipy.stats import false_discovery_control, norm  # here, since who reads FAC need not wait for it

    anchor, data, z = counts.anchor, counts.data, counts.z
    q = np.ones(len(z))
    if compared := np.flatnonzero(z).tolist():
        q[compared] = false_discovery_control(2 * norm.sf(np.abs(z[compared])))
    n_anchor, n_data = anchor.above.sum(axis=0), data.above.sum(axis=0)
    anchor_rate, data_rate = n_anchor / max(1, anchor.sizes.sum()), n_data / max(1, data.sizes.sum())
    odds, error = log_odds(anchor.above, anchor.sizes, data.above, data.sizes)
    unknown = ~np.isfinite(odds)
    return pa.table(
        {
            "feature_id": np.arange(len(z), dtype=np.uint32),
            "n_anchor": n_anchor,
            "n_data": n_data,
            "anchor_rate": anchor_rate,
            "data_rate": data_rate,
            "difference": anchor_rate - data_rate,
            **{
                name: pa.array(values, mask=unknown)
                for name, values in (("log_odds", odds), ("low", odds - 1.96 * error), ("high", odds + 1.96 * error))
            },
            "z": z,
            "q": q,
            "state": pa.array(_states(n_anchor, n_data, z, q), pa.string()),
        }
    )


def _states(n_anchor: np.ndarray, n_data: np.ndarray, z: np.ndarray, q: np.ndarray) -> list[State]:
    absent, rare, even, surplus, only_yours = get_args(State)
    differs = q <= MAX_Q
    conditions = [(n_data == 0) & (n_anchor > 0), (n_anchor == 0) & (n_data > 0), differs & (z > 0), differs & (z < 0)]
    return np.select(conditions, [absent, only_yours, rare, surplus], even).tolist()
