"""Every feature of a space with its coverage state: what lists and maps show."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import numpy as np
import pyarrow as pa

from fac_core.coverage.active import active, anchor_features, check_same_space
from fac_core.coverage.definition import PAPER, Definition
from fac_core.store.runs.run_file import RunFile

State = Literal["covered", "weak", "uncovered", "excluded"]


def feature_states(
    run: RunFile, anchor: RunFile, definition: Definition = PAPER, relevant: Collection[int] | None = None
) -> pa.Table:
    """One row a feature 0..d_sae-1.

    Returns:
        `feature_id`; `state`: *covered* (in F(P) and in the run), *weak* (a gap that fires in the run all the same, too
        weakly or in too few samples), *uncovered* (a gap that never fires in the run), *excluded* (not in F(P));
        `delta` (δ_i); for the anchor and for the run the samples with any activation, their `share` and the `max`.

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does.
    """
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    in_run = active(run, features.thresholds, definition.min_count)
    ours, theirs = _stats(run), _stats(anchor)
    fires = ours["n_active"].to_numpy() > 0
    states = np.select([~features.can_occur, in_run, fires], ["excluded", "covered", "weak"], "uncovered")
    return pa.table(
        {
            "feature_id": theirs["feature_id"],
            "state": pa.array(states.tolist(), pa.string()),
            "delta": features.thresholds,
            "anchor_n_active": theirs["n_active"],
            "anchor_share": theirs["n_active"].to_numpy() / max(1, anchor.info.n_samples),
            "anchor_max": theirs["max"],
            "run_n_active": ours["n_active"],
            "run_share": ours["n_active"].to_numpy() / max(1, run.info.n_samples),
            "run_max": ours["max"],
        }
    )


def _stats(run: RunFile) -> pa.Table:
    return run.query("SELECT feature_id, n_active, max FROM feature_stats ORDER BY feature_id")
