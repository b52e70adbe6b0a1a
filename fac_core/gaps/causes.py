"""Why a gap is uncovered: five causes, each with a remedy of its own, one of them free.

Causes are tried in order, and the first that holds is given. What lies outside the content (special tokens, the part that
the window cut off) is known from table `outside`; a run of an earlier build lacks it, and then those gaps count as
"never fires".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, get_args

import numpy as np
import pyarrow as pa

from fac_core.coverage.active import anchor_features, check_same_space, strongest
from fac_core.coverage.definition import PAPER, Definition
from fac_core.store.runs.run_file import RunFile

Cause = Literal[
    "too few samples", "below the threshold", "only in the truncated part", "only on special tokens", "never fires"
]

REMEDIES: dict[Cause, str] = {
    "too few samples": "Your data has the right kind of sample: add more of them.",
    "below the threshold": "Your data comes close: look at the nearest miss, then add clearer cases.",
    "only in the truncated part": "Encode again with a longer window: nothing new is needed.",
    "only on special tokens": "It marks the frame of a text, not its content: mark it as not relevant.",
    "never fires": "Nothing in your data is like it: look for real texts, or write some.",
}


def why_uncovered(
    run: RunFile, anchor: RunFile, definition: Definition = PAPER, relevant: Collection[int] | None = None
) -> pa.Table:
    """The gaps of a run, each with its cause.

    Returns:
        `feature_id` ascending; `cause`; `remedy`; `max` (strongest activation in the run's content); `truncated_max` and
        `special_max` (strongest outside it, 0 where silent or unknown).

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does.
    """
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    is_gap = features.can_occur & ~(strongest(run, definition.min_count) > features.thresholds)
    ids = np.flatnonzero(is_gap)
    delta = features.thresholds[ids]
    inside = strongest(run, 1)[ids]
    outside = outside_max(run)
    causes = classify(inside, outside["truncated"][ids], outside["special"][ids], delta)
    return pa.table(
        {
            "feature_id": ids.astype(np.uint32),
            "cause": pa.array(causes, pa.string()),
            "remedy": pa.array([REMEDIES[cause] for cause in causes], pa.string()),
            "max": inside,
            "truncated_max": outside["truncated"][ids],
            "special_max": outside["special"][ids],
        }
    )


def classify(inside: np.ndarray, truncated: np.ndarray, special: np.ndarray, delta: np.ndarray) -> list[Cause]:
    """The cause for each gap, from the strongest activations inside and outside the content and δ, all `[gaps]`.

    A gap that exceeds δ inside the content does so in too few samples, or it were no gap.
    """
    conditions = [inside > delta, truncated > delta, inside > 0, special > delta]
    causes = get_args(Cause)
    # Truncated before weak: the free remedy comes first where both would help.
    order = [causes[0], causes[2], causes[1], causes[3]]
    return np.select(conditions, order, causes[4]).tolist() if len(inside) else []


def outside_max(run: RunFile) -> dict[str, np.ndarray]:
    """float32 `[d_sae]` for each place outside the content: the strongest activation there, 0 where silent or unknown."""
    found = {place: np.zeros(run.info.d_sae, dtype=np.float32) for place in ("truncated", "special")}
    for place, values in found.items() if run.has_table("outside") else ():
        here = run.query("SELECT feature_id, max FROM outside WHERE place = ?", [place])
        values[here["feature_id"].to_numpy()] = here["max"].to_numpy()
    return found


def cause_counts(causes: pa.Table) -> dict[Cause, int]:
    """How many gaps have each cause, in the order in which they are tried."""
    found = causes["cause"].to_pylist()
    return {cause: found.count(cause) for cause in get_args(Cause)}
