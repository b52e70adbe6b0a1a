"""Which features are in a run: the sets F(P) and F(Q) as boolean arrays over all features.

A feature is active above δ_i in at least m samples exactly when its m-th strongest activation exceeds δ_i. So one
array per run and m answers for every δ, and for m up to `N_STRONGEST` it is read from `feature_stats` alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from fac_core.coverage.definition import SINK_MIN_SAMPLES, SINK_SHARE, Definition
from fac_core.errors import EmptyAnchor, ModelMismatch, WrongUse
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import N_STRONGEST, QUANTILE_LEVELS


@dataclass(frozen=True)
class Excluded:
    """Features outside F(P), each counted under the first reason that applies; with |F(P)| they sum to d_sae."""

    dead: int
    """Active in fewer than `min_count` samples of the anchor."""
    sink: int
    """Marks the first token of a text."""
    dense: int
    """Active in too many samples of the anchor."""
    not_relevant: int
    """Not among the relevant features that were given."""


@dataclass(frozen=True)
class AnchorFeatures:
    """What the anchor says under a definition. Arrays have one entry for each of the d_sae features."""

    can_occur: np.ndarray
    """bool: F(P)."""
    would_be_extra: np.ndarray
    """bool: relevant, but not active in the anchor; in another run such a feature is extra."""
    thresholds: np.ndarray
    """float32: δ_i, for all runs compared with this anchor."""
    excluded: Excluded


def anchor_features(anchor: RunFile, definition: Definition, relevant: Collection[int] | None = None) -> AnchorFeatures:
    """F(P) with everything that follows from the anchor.

    Args:
        relevant: ids of the task-relevant features; None means all (paper: F, §5.2).

    Raises:
        EmptyAnchor: nothing is left in F(P), so FAC has no denominator.
        WrongUse: `relevant` has ids that the SAE does not have.
    """
    delta = thresholds(anchor, definition)
    dead = ~active(anchor, delta, definition.min_count)
    sink = marks_position(anchor) if definition.exclude_sinks else np.zeros_like(dead)
    dense = np.zeros_like(dead)
    if definition.exclude_dense_above is not None:
        dense = count_above(anchor) > definition.exclude_dense_above * anchor.info.n_samples
    wanted = _mask(relevant, anchor.info.d_sae)
    excluded = Excluded(
        dead=int(dead.sum()),
        sink=int((sink & ~dead).sum()),
        dense=int((dense & ~sink & ~dead).sum()),
        not_relevant=int((~wanted & ~dense & ~sink & ~dead).sum()),
    )
    can_occur = wanted & ~(dead | sink | dense)
    if not can_occur.any():
        raise EmptyAnchor(
            f"No feature of the anchor {anchor.info.name!r} is left to cover ({excluded.dead} inactive, "
            f"{excluded.sink} sinks, {excluded.dense} too dense, {excluded.not_relevant} not relevant). "
            "Count by the preset `paper` or less strictly, leave out less, or take a larger anchor."
        )
    return AnchorFeatures(can_occur, wanted & dead, delta, excluded)


def thresholds(anchor: RunFile, definition: Definition) -> np.ndarray:
    """δ_i of every feature, float32 `[d_sae]`. A feature without anchor activations has `definition.delta`."""
    floor = np.float32(definition.delta)
    if definition.quantile is None:
        return np.full(anchor.info.d_sae, floor)
    if definition.quantile in QUANTILE_LEVELS:
        at = QUANTILE_LEVELS.index(definition.quantile) + 1  # SQL lists begin at 1
        values = anchor.query("SELECT coalesce(quantiles[?], 0) AS value FROM feature_stats ORDER BY feature_id", [at])
        return np.maximum(values["value"].to_numpy(), floor)
    found = anchor.query(
        "SELECT feature_id, quantile_cont(activation::DOUBLE, ?)::FLOAT AS value FROM activations GROUP BY feature_id",
        [definition.quantile],
    )
    return np.maximum(_dense(found["feature_id"].to_numpy(), found["value"].to_numpy(), anchor.info.d_sae), floor)


def active(run: RunFile, delta: np.ndarray, min_count: int) -> np.ndarray:
    """bool `[d_sae]`: active above `delta` `[d_sae]` in at least `min_count` samples."""
    return strongest(run, min_count) > delta


def strongest(run: RunFile, rank: int) -> np.ndarray:
    """float32 `[d_sae]`: the `rank`-th largest activation of each feature (1 is the maximum); 0 if it has fewer."""
    if rank <= N_STRONGEST:
        values = run.query(
            "SELECT coalesce(strongest[?], 0)::FLOAT AS value FROM feature_stats ORDER BY feature_id", [rank]
        )
        return values["value"].to_numpy()
    return strongest_from_activations(run, rank)


def strongest_from_activations(run: RunFile, rank: int) -> np.ndarray:
    """What `strongest` says, for any rank, from table `activations`."""
    found = run.query(
        """
        SELECT feature_id, activation AS value FROM activations
        QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY activation DESC) = ?
        """,
        [rank],
    )
    return _dense(found["feature_id"].to_numpy(), found["value"].to_numpy(), run.info.d_sae)


def marks_position(run: RunFile) -> np.ndarray:
    """bool `[d_sae]`: features that peak on the first content token nearly always (`SINK_SHARE`)."""
    stats = run.query("SELECT n_active, first_token_share FROM feature_stats ORDER BY feature_id")
    often = stats["n_active"].to_numpy() >= SINK_MIN_SAMPLES
    return (stats["first_token_share"].to_numpy() >= SINK_SHARE) & often


def count_above(run: RunFile, delta: np.ndarray | None = None, definition: Definition | None = None) -> np.ndarray:
    """int64 `[d_sae]`: samples of a run in which each feature is active above `delta` `[d_sae]`; None: at all.

    Args:
        definition: what the run's *own* thresholds were made from, if `delta` are these: for a quantile that was counted when
            the run was built, one row a feature is read; else every activation.
    """
    own = definition if definition is not None and np.float32(definition.delta) == 0 else None
    if delta is None or (own and own.quantile is None):
        found = run.query("SELECT n_active AS n FROM feature_stats ORDER BY feature_id")
        return found["n"].to_numpy().astype(np.int64)
    if own and own.quantile in QUANTILE_LEVELS and run.has_column("feature_stats", "n_above"):
        at = QUANTILE_LEVELS.index(own.quantile) + 1
        found = run.query("SELECT coalesce(n_above[?], 0)::BIGINT AS n FROM feature_stats ORDER BY feature_id", [at])
        return found["n"].to_numpy()
    found = run.query(
        """
        WITH wanted AS (SELECT unnest(range(?))::UINTEGER AS feature_id, unnest(?::FLOAT[]) AS delta)
        SELECT feature_id, count(*) AS n FROM activations JOIN wanted USING (feature_id)
        WHERE activation > delta GROUP BY feature_id
        """,
        [run.info.d_sae, delta],
    )
    counts = np.zeros(run.info.d_sae, dtype=np.int64)
    counts[found["feature_id"].to_numpy()] = found["n"].to_numpy()
    return counts


def check_same_space(run: RunFile, anchor: RunFile) -> None:
    """Raise `ModelMismatch` if the runs are of different feature spaces: their feature ids mean different things."""
    ours, theirs = run.info, anchor.info
    if ours.space_id != theirs.space_id:
        raise ModelMismatch(
            f"Run {ours.name!r} is in feature space {ours.space_id} ({ours.model}, {ours.hook_name}, {ours.sae}, "
            f"{ours.activation_mode}) and the anchor {theirs.name!r} in {theirs.space_id} ({theirs.model}, "
            f"{theirs.hook_name}, {theirs.sae}, {theirs.activation_mode}). Encode both with the same model and SAE."
        )


def ids(mask: np.ndarray) -> tuple[int, ...]:
    """The features of a boolean array, ascending."""
    return tuple(np.flatnonzero(mask).tolist())


def _dense(feature_ids: np.ndarray, values: np.ndarray, d_sae: int) -> np.ndarray:
    out = np.zeros(d_sae, dtype=np.float32)
    out[feature_ids] = values
    return out


def _mask(relevant: Collection[int] | None, d_sae: int) -> np.ndarray:
    if relevant is None:
        return np.ones(d_sae, dtype=bool)
    wanted = np.array(sorted(relevant), dtype=np.int64)
    if len(wanted) and (wanted[0] < 0 or wanted[-1] >= d_sae):
        bad = wanted[0] if wanted[0] < 0 else wanted[-1]
        raise WrongUse(f"Feature {bad} is called relevant, but features go from 0 to {d_sae - 1}.")
    mask = np.zeros(d_sae, dtype=bool)
    mask[wanted] = True
    return mask
