"""The list of features as a function of `View.features`: what is shown, what is hidden and why, in which order.

Works on whole columns, never on single features, so that 65,536 of them are filtered in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Bounds = tuple[float | None, float | None]

RANGES = {
    "anchor_share": "share of the anchor",
    "anchor_max": "maximum, anchor",
    "run_share": "share of your data",
    "trust": "trust in the label",
    "priority": "priority of the gap",
}
"""Columns that can be filtered by number, in words."""

SORTS = {
    "largest difference": ("difference", "descending"),
    "most common in the anchor": ("anchor_share", "descending"),
    "rarest in the anchor": ("anchor_share", "ascending"),
    "strongest in the anchor": ("anchor_max", "descending"),
    "highest priority": ("priority", "descending"),
    "most trusted label": ("trust", "descending"),
    "id": ("feature_id", "ascending"),
}
"""Orders by name, the usual one first: where data and anchor differ. Features without a value come last."""


@dataclass(frozen=True)
class Filters:
    """What is asked of a feature."""

    states: tuple[str, ...] = ()
    """Coverage states; none means all."""
    words: str = ""
    """Every word must occur in the label, in the words at the peaks or in the name of the cluster."""
    in_examples: np.ndarray | None = None
    """Features whose shown examples have the text that was asked for; None if none was."""
    ranges: Mapping[str, Bounds] = field(default_factory=dict)
    """Column of `RANGES` to its bounds, both included. A feature without a value is out as soon as one is set."""
    everything: bool = False
    """Show dead features and sinks too."""


def kept(table: pa.Table, filters: Filters) -> np.ndarray:
    """bool `[rows]`: the features that are shown."""
    return (filters.everything | ~set_aside(table)) & fitting(table, filters)


def hidden(table: pa.Table, filters: Filters) -> dict[str, int]:
    """How many features are hidden, by the first reason that applies; reasons that hide none are left out."""
    out = np.zeros(len(table), dtype=bool) if filters.everything else set_aside(table)
    kind = table["kind"].to_numpy(zero_copy_only=False)
    counts = {
        "dead": int((out & (kind == "dead")).sum()),
        "marking a position": int((out & (kind == "sink")).sum()),
        "by your filters": int((~out & ~fitting(table, filters)).sum()),
    }
    return {reason: n for reason, n in counts.items() if n}


def set_aside(table: pa.Table) -> np.ndarray:
    """bool `[rows]`: features that say nothing: they never fire anywhere, or only mark a first token."""
    return np.asarray(pc.is_valid(table["kind"]))  # type: ignore[attr-defined]


def fitting(table: pa.Table, filters: Filters) -> np.ndarray:
    """bool `[rows]`: what the visitor's own filters let through."""
    keep = np.ones(len(table), dtype=bool)
    if filters.states:
        keep &= np.asarray(pc.is_in(table["state"], value_set=pa.array(filters.states)))  # type: ignore[attr-defined]
    keep &= saying(table, filters.words)
    if filters.in_examples is not None:
        keep &= np.isin(table["feature_id"].to_numpy(), filters.in_examples)
    for column, (low, high) in filters.ranges.items():
        if low is not None or high is not None:
            values = table[column].to_numpy(zero_copy_only=False).astype(np.float64)
            keep &= (values >= (-np.inf if low is None else low)) & (values <= (np.inf if high is None else high))
    return keep


def saying(table: pa.Table, words: str) -> np.ndarray:
    """bool `[rows]`: features with every word in their label, their peak words or the name of their cluster."""
    keep = np.ones(len(table), dtype=bool)
    for word in words.lower().split():
        keep &= np.asarray(pc.match_substring(table["searched"], word))  # type: ignore[attr-defined]
    return keep


def page(table: pa.Table, mask: np.ndarray, sort: str, number: int, size: int) -> pa.Table:
    """One page of the features that a mask keeps; pages count from 1, and one beyond the last is empty."""
    column, order = SORTS[sort]
    keys = [(column, order), ("feature_id", "ascending")] if column != "feature_id" else [(column, order)]
    at = np.flatnonzero(mask)
    ranked = pc.sort_indices(table.select({column, "feature_id"}).take(at), sort_keys=keys)  # type: ignore[attr-defined]
    return table.take(at[ranked.to_numpy()[(number - 1) * size : number * size]])


def histogram(table: pa.Table, column: str, bins: int = 20) -> tuple[float, float, list[int]]:
    """Lowest and highest value of a column and how many features lie in equal bins between; empty without a value."""
    values = table[column].to_numpy(zero_copy_only=False).astype(np.float64)
    values = values[~np.isnan(values)]
    if not len(values):
        return 0.0, 0.0, []
    counts, _ = np.histogram(values, bins=bins)
    return float(values.min()), float(values.max()), counts.tolist()
