"""Which gap first? One number, with its parts beside it.

    priority = relevance^a · trust^b · strength^c · rarity^d        every part in 0..1

relevance   how much the feature matters for the task (Yes 1, Probably 0.75, Maybe 0.5, No 0; 0.5 without a verdict)
trust       how much better than chance its label predicts it: 0.25 for F1 up to 0.67 (always yes) and for no label,
            growing to 1 for F1 of 1 and for a person's; 0.05 where its words are single letters, digits and marks
strength    how many anchor samples fire it, as a rank among the gaps: common first
rarity      how little the run fires it: 1 - strongest activation in the run / δ_i, at least 0.1

An exponent of 0 takes a part out, 2 makes it count double. The formula is a choice, and meant to be seen and changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from fac_core.gaps.weights import Weights
from fac_core.naming.trust import ALWAYS_YES

RELEVANCE = {"yes": 1.0, "probably": 0.75, "maybe": 0.5, "no": 0.0}
NO_VERDICT = 0.5
LEAST_TRUST = 0.25
NOT_TELLING = 0.05
"""Trust in a gap that says no more than letters and marks, however well they predict it: it should not lead."""
LEAST_RARITY = 0.1
"""A gap that nearly counts is still a gap."""


def priority(
    gaps: pa.Table,
    nearness: np.ndarray,
    relevance: Mapping[int, str] | None = None,
    trust: Mapping[int, float] | None = None,
    weights: Weights = Weights(),
) -> pa.Table:
    """Rank gaps.

    Args:
        gaps: columns `feature_id` and `n_active` (anchor samples above δ_i), `telling` (`gaps.telling`) where it is known,
            and any others.
        nearness: `[gaps]`: strongest activation in the run over δ_i, 0 for a gap that never fires; above 1 counts as 1.
        relevance: level (`yes`, `probably`, `maybe`, `no`) by feature.
        trust: F1 of the label by feature; 1 for a person's (`labels.trust_of`).

    Returns:
        `feature_id`, `priority`, its parts `relevance`, `trust`, `strength`, `rarity`, and what else `gaps` says; the highest
        first.
    """
    from scipy.stats import rankdata  # here, since pages that rank nothing need not wait for it

    ids = gaps["feature_id"].to_pylist()
    n_active = gaps["n_active"].to_numpy()
    relevance, trust = relevance or {}, trust or {}
    parts = {
        "relevance": np.array([RELEVANCE[relevance[f]] if f in relevance else NO_VERDICT for f in ids]),
        "trust": _above_chance(np.array([trust.get(f, 0.0) for f in ids])),
        "strength": rankdata(n_active, method="average") / max(1, len(ids)),
        "rarity": np.clip(1 - nearness, LEAST_RARITY, 1.0),
    }
    if "telling" in gaps.column_names:
        parts["trust"] = np.where(gaps["telling"].to_numpy(), parts["trust"], NOT_TELLING)
    number = np.prod([part ** getattr(weights, name) for name, part in parts.items()], axis=0)
    rest = {name: gaps[name] for name in gaps.column_names if name != "feature_id"}
    table = pa.table({"feature_id": gaps["feature_id"], "priority": number, **parts, **rest})
    return table.sort_by([("priority", "descending"), ("feature_id", "ascending")])


def _above_chance(f1: np.ndarray) -> np.ndarray:
    return LEAST_TRUST + (1 - LEAST_TRUST) * np.clip((f1 - ALWAYS_YES) / (1 - ALWAYS_YES), 0.0, 1.0)
