"""Gaps by theme: which theme of the answer each gap is part of, and how far the data is short of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from fac_core.themes.theme import Theme

NO_THEME = ""


def themed(queue: pa.Table, themes: Sequence[Theme], z: np.ndarray) -> pa.Table:
    """The gaps by theme, the largest deficit first; of one theme, and where there is none, in their order. Those that say no more
    than letters and marks lead no theme. Each with the name of its `theme`, and its `shortfall`.

    Args:
        queue: `ranked.ranked_gaps`.
        themes: the largest deficit first; a gap that several hold is the first one's.
        z: `[d_sae]`, as `shortfall.rates` counts it.

    >>> view.gaps()["theme"].to_pylist()
    ['sums', 'sums', '']
    """
    first = {feature: place for place, theme in reversed(list(enumerate(themes))) for feature in theme.features}
    of = np.array([first.get(f, len(themes)) for f in queue["feature_id"].to_pylist()], dtype=np.int64)
    order = np.argsort(np.where(queue["telling"].to_numpy(), of, len(themes)), kind="stable")
    called = [*(theme.name for theme in themes), NO_THEME]
    queue = queue.take(pa.array(order))
    shortfall = pa.array(z[queue["feature_id"].to_numpy()], pa.float64())
    names = pa.array([called[place] for place in of[order].tolist()], pa.string())
    return queue.append_column("theme", names).append_column("shortfall", shortfall)


def gaps_of(queue: pa.Table, theme: Theme | None) -> pa.Table:
    """The gaps that a theme holds, in the order of the queue, also those that a larger one holds too; None means all."""
    if theme is None:
        return queue
    return queue.filter(pa.array(np.isin(queue["feature_id"].to_numpy(), theme.features)))
