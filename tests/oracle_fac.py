"""FAC by the book, in pandas, slow and obvious: the truth that `fac_core.coverage` must equal.

A run is a table with one row a (feature, sample) with a non-zero activation, read back from the run file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fac_core.coverage.definition import Definition
from fac_core.store.run_file import RunFile


@dataclass(frozen=True)
class OracleFac:
    covered: set[int]
    missing: set[int]
    extra: set[int]


def table(run: RunFile) -> pd.DataFrame:
    return run.query("SELECT feature_id, sample_id, activation FROM activations").to_pandas()


def thresholds(anchor: pd.DataFrame, definition: Definition) -> dict[int, np.float32]:
    """δ of each feature that the anchor has; all others have `definition.delta`."""
    result = {}
    for feature, rows in anchor.groupby("feature_id"):
        value = definition.delta
        if definition.quantile is not None:
            value = max(value, float(np.quantile(rows["activation"].to_numpy(dtype=float), definition.quantile)))
        result[int(feature)] = np.float32(value)  # type: ignore[arg-type]
    return result


def features_in(run: pd.DataFrame, deltas: dict[int, np.float32], definition: Definition) -> set[int]:
    """F(run): active above δ in at least `min_count` samples."""
    found = set()
    for feature, rows in run.groupby("feature_id"):
        delta = deltas.get(int(feature), np.float32(definition.delta))  # type: ignore[arg-type]
        samples = {s for s, a in zip(rows["sample_id"], rows["activation"], strict=True) if np.float32(a) > delta}
        if len(samples) >= definition.min_count:
            found.add(int(feature))  # type: ignore[arg-type]
    return found


def fac(
    run: pd.DataFrame, anchor: pd.DataFrame, definition: Definition, relevant: Collection[int] | None = None
) -> OracleFac:
    deltas = thresholds(anchor, definition)
    in_anchor = features_in(anchor, deltas, definition)
    in_run = features_in(run, deltas, definition)
    wanted = (in_anchor | in_run) if relevant is None else set(relevant)
    can_occur = in_anchor & wanted
    return OracleFac(in_run & can_occur, can_occur - in_run, (in_run - in_anchor) & wanted)


def gap_closure(
    synthetic: pd.DataFrame,
    seed: pd.DataFrame,
    anchor: pd.DataFrame,
    definition: Definition,
    relevant: Collection[int] | None = None,
) -> tuple[set[int], set[int]]:
    """Gaps of the seed that are closed, and all its gaps."""
    gaps = fac(seed, anchor, definition, relevant).missing
    return fac(synthetic, anchor, definition, relevant).covered & gaps, gaps
