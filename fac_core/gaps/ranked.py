"""The gaps, each with all that it is ranked and filtered by. One row a gap, no text of samples: light at any size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fac_core.gaps.priority import priority
from fac_core.gaps.telling import is_telling
from fac_core.gaps.weights import Weights
from fac_core.naming.labels import Names
from fac_core.naming.level import Level

NO_LABEL, NOT_JUDGED, NO_CLUSTER = "", "not judged", ""


@dataclass(frozen=True)
class Filters:
    """What is asked of a gap. Empty fields ask nothing."""

    words: str = ""
    """All of them, in any order, anywhere in its peak words, its label or its cluster's name."""
    cluster: str | None = None
    home: str | None = None
    causes: tuple[str, ...] = ()
    relevance: tuple[str, ...] = ()
    """Levels, `not judged` among them."""
    least_trust: float = 0.0
    """F1 of the label; above 0, gaps without a scored label are left out."""


def ranked_gaps(
    states: pa.Table,
    n_above: np.ndarray,
    causes: pa.Table,
    *,
    names: Names | None = None,
    levels: Mapping[int, Level] | None = None,
    clusters: Sequence[str] | None = None,
    homes: Mapping[int, str] | None = None,
    weights: Weights = Weights(),
) -> pa.Table:
    """All gaps, the highest priority first.

    Args:
        states: one row a feature, as `coverage.states.feature_states` gives it, with `words`.
        n_above: `[d_sae]`: anchor samples above δ_i.
        causes: `feature_id` ascending and `cause`, of every gap (`causes.why_uncovered`).
        clusters: by feature, the name of its cluster.

    Returns:
        `feature_id`, `priority` and its parts, `words`, `telling` (whether its words or its label say more than
        letters and marks; else it is not trusted), `label`, `label_f1` (null where the label was never scored), `level` (of
        relevance), `cluster`, `home`, `cause`, `n_active` (anchor samples above δ_i), `share` (of the anchor, any activation),
        `anchor_max`, `run_max`, `delta`.
    """
    names, levels, homes = names or Names(), levels or {}, homes or {}
    ids = causes["feature_id"].to_numpy()
    rows = states.take(pa.array(ids))
    with np.errstate(over="ignore"):  # where δ is 0, whatever fires is as near as can be
        nearness = rows["run_max"].to_numpy() / np.maximum(rows["delta"].to_numpy(), np.finfo(np.float32).tiny)
    words = zip(ids.tolist(), rows["words"].to_pylist(), strict=True)
    told = {f: is_telling(said or "", names.text.get(f, NO_LABEL)) for f, said in words}
    described = pa.table(
        {
            "feature_id": causes["feature_id"],
            "words": rows["words"],
            "telling": pa.array(list(told.values()), pa.bool_()),
            "label": pa.array([names.text.get(f, NO_LABEL) for f in ids.tolist()], pa.string()),
            "label_f1": pa.array([names.trust.get(f) for f in ids.tolist()], pa.float64()),
            "level": pa.array([levels.get(f, NOT_JUDGED) for f in ids.tolist()], pa.string()),
            "cluster": pa.array([clusters[f] if clusters else NO_CLUSTER for f in ids.tolist()], pa.string()),
            "home": pa.array([homes.get(f) for f in ids.tolist()], pa.string()),
            "cause": causes["cause"],
            "n_active": n_above[ids],
            "share": rows["anchor_share"],
            "anchor_max": rows["anchor_max"],
            "run_max": rows["run_max"],
            "delta": rows["delta"],
        }
    )
    # The nearness of the queue is at most 1: a gap with enough strong samples were none.
    return priority(described, nearness, levels, names.trust, weights)


def matching(queue: pa.Table, filters: Filters) -> pa.Table:
    """The gaps that pass the filters, in the order of the queue."""
    keep = np.ones(len(queue), dtype=bool)
    text = None
    for word in filters.words.lower().split():
        if text is None:
            parts = [pc.utf8_lower(queue[name]) for name in ("words", "label", "cluster")]  # type: ignore[attr-defined]
            text = pc.binary_join_element_wise(*parts, " ")  # type: ignore[attr-defined]
        keep &= _mask(pc.match_substring(text, word))  # type: ignore[attr-defined]
    for name, asked in (("cluster", filters.cluster), ("home", filters.home)):
        if asked:
            keep &= _mask(pc.equal(queue[name], asked))  # type: ignore[attr-defined]
    for name, chosen in (("cause", filters.causes), ("level", filters.relevance)):
        if chosen:
            keep &= _mask(pc.is_in(queue[name], pa.array(chosen)))  # type: ignore[attr-defined]
    if filters.least_trust > 0:
        keep &= _mask(pc.greater_equal(queue["label_f1"], filters.least_trust))  # type: ignore[attr-defined]
    return queue.filter(pa.array(keep))


def _mask(found: pa.ChunkedArray) -> np.ndarray:
    return found.fill_null(False).to_numpy().astype(bool)
