"""Gaps by theme: which theme of the answer each gap is part of, and how far the data is short of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from fac_core.themes.theme import Theme

NO_THEME = ""


def themed(queue: pa.Table, themes: Sequence[Theme], z: np.ndarray) -> pa.Table:
    """The gaps in their order, each with the name of its `theme`, and its `shortfall`.

    Args:
        queue: `ranked.ranked_gaps`.
        themes: the largest deficit first; a gap that several hold is the first one's.
        z: `[d_sae]`, as `shortfall.rates` counts it.

    >>> themed(view.gaps(), view.missing().themes, view.shortfall()["z"].to_numpy())["theme"].to_pylist()
    ['sums', 'sums', '']
    """
    first = {feature: theme.name for theme in reversed(themes) for feature in theme.features}
    ids = queue["feature_id"].to_numpy()
    names = pa.array([first.get(f, NO_THEME) for f in ids.tolist()], pa.string())
    return queue.append_column("theme", names).append_column("shortfall", pa.array(z[ids], pa.float64()))


def gaps_of(queue: pa.Table, theme: Theme | None) -> pa.Table:
    """The gaps that a theme holds, in the order of the queue, also those that a larger one holds too; None means all."""
    if theme is None:
        return queue
    return queue.filter(pa.array(np.isin(queue["feature_id"].to_numpy(), theme.features)))
