"""Every feature with what lists and the map show, search and sort by. Whole columns: 65,536 features take milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fac_core.naming.labels import Names
from fac_core.naming.level import Level


def every_feature(
    states: pa.Table,
    gaps: pa.Table,
    marks_position: np.ndarray,
    *,
    names: Names,
    levels: Mapping[int, Level],
    atlas: pa.Table | None,
) -> pa.Table:
    """One row a feature 0..d_sae-1.

    Args:
        states: as `coverage.states.feature_states` gives them, with `words`.
        gaps: as `ranked_gaps` gives them.
        marks_position: bool `[d_sae]`.
        atlas: as `atlas.positions` gives it; None where nobody has made it.

    Returns:
        The columns of `states`, and `label`, `trust` (in the label, 0 to 1), `relevance` (level), `priority` (of a gap), all
        null where there is none; `difference` (of the shares of anchor and run); `kind`: `dead` (fires in neither),
        `sink` (marks a first token) or null; `cluster`, `x`, `y` (null without an atlas); `searched` (label, words and
        cluster in lower case).
    """
    n = len(states)
    ids = gaps["feature_id"].to_pylist()
    dead = (states["anchor_n_active"].to_numpy() == 0) & (states["run_n_active"].to_numpy() == 0)
    kinds = np.select([dead, marks_position], ["dead", "sink"], "")
    columns: dict[str, Any] = {
        "label": pa.array(_by_feature(names.text, n), pa.string()),
        "trust": pa.array(_by_feature(names.trust, n), pa.float64()),
        "relevance": pa.array(_by_feature(levels, n), pa.string()),
        "priority": pa.array(_by_feature(dict(zip(ids, gaps["priority"].to_pylist(), strict=True)), n), pa.float64()),
        "difference": np.abs(np.subtract(states["anchor_share"].to_numpy(), states["run_share"].to_numpy())),
        "kind": pa.array(kinds, pa.string(), mask=kinds == ""),
        "cluster": atlas["cluster"] if atlas else pa.nulls(n, pa.string()),
        "x": atlas["x"] if atlas else pa.nulls(n, pa.float32()),
        "y": atlas["y"] if atlas else pa.nulls(n, pa.float32()),
    }
    table = states
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column) if isinstance(column, np.ndarray) else column)
    parts = (table["label"], table["words"], table["cluster"])
    text = pc.binary_join_element_wise(*parts, " ", null_handling="skip")  # type: ignore[attr-defined]
    return table.append_column("searched", pc.utf8_lower(text)).combine_chunks()  # type: ignore[attr-defined]


def _by_feature(values: Mapping[int, Any], n: int) -> list[Any]:
    return [values.get(feature) for feature in range(n)]
