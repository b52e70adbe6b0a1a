"""FAC by the book, slow and obvious: the truth that `fac_core.coverage` must equal.

A run is, for each feature that fires in it, the activation of each sample that fires it, read back from the run file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from fac_core.coverage.definition import Definition
from fac_core.store.runs.run_file import RunFile


@dataclass(frozen=True)
class OracleFac:
    covered: set[int]
    missing: set[int]
    extra: set[int]


Table = dict[int, dict[int, np.float32]]


def table(run: RunFile) -> Table:
    found: Table = {}
    for row in run.query("SELECT feature_id, sample_id, activation FROM activations").to_pylist():
        found.setdefault(row["feature_id"], {})[row["sample_id"]] = np.float32(row["activation"])
    return found


def thresholds(anchor: Table, definition: Definition) -> dict[int, np.float32]:
    """δ of each feature that the anchor has; all others have `definition.delta`."""
    result = {}
    for feature, by_sample in anchor.items():
        value = definition.delta
        if definition.quantile is not None:
            value = max(value, float(np.quantile(np.array(list(by_sample.values()), dtype=float), definition.quantile)))
        result[feature] = np.float32(value)
    return result


def features_in(run: Table, deltas: dict[int, np.float32], definition: Definition) -> set[int]:
    """F(run): active above δ in at least `min_count` samples."""
    found = set()
    for feature, by_sample in run.items():
        delta = deltas.get(feature, np.float32(definition.delta))
        if sum(activation > delta for activation in by_sample.values()) >= definition.min_count:
            found.add(feature)
    return found


def fac(run: Table, anchor: Table, definition: Definition, relevant: Collection[int] | None = None) -> OracleFac:
    deltas = thresholds(anchor, definition)
    in_anchor = features_in(anchor, deltas, definition)
    in_run = features_in(run, deltas, definition)
    wanted = (in_anchor | in_run) if relevant is None else set(relevant)
    can_occur = in_anchor & wanted
    return OracleFac(in_run & can_occur, can_occur - in_run, (in_run - in_anchor) & wanted)


def gap_closure(
    synthetic: Table,
    seed: Table,
    anchor: Table,
    definition: Definition,
    relevant: Collection[int] | None = None,
) -> tuple[set[int], set[int]]:
    """Gaps of the seed that are closed, and all its gaps."""
    gaps = fac(seed, anchor, definition, relevant).missing
    return fac(synthetic, anchor, definition, relevant).covered & gaps, gaps
