"""The missing features of a run, each with the anchor's evidence that it can occur."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pyarrow as pa

from fac_core.coverage.active import active, anchor_features, check_same_space
from fac_core.coverage.definition import PAPER, Definition
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import QUANTILE_LEVELS

SNIPPET_CHARACTERS = 60
"""Kept on each side of the peak token."""

_MEDIAN = QUANTILE_LEVELS.index(0.5) + 1


def gaps(
    run: RunFile,
    anchor: RunFile,
    definition: Definition = PAPER,
    relevant: Collection[int] | None = None,
    *,
    limit: int | None = None,
) -> pa.Table:
    """F(P) \\ F(run), one row a feature; those active in most anchor samples come first.

    Args:
        limit: at most so many rows.

    Returns:
        `feature_id`; from the anchor `n_active` (samples above δ_i), `share` (of its samples), `max`, `median` (both of
        the non-zero activations), `sample_id`, `text`, `token_index`, `char_start`, `char_end` (the peak token of its
        strongest sample, offsets in characters of `text`; null unless that sample is among the shown examples),
        `peak_token`, `snippet` (the text around the peak, or its beginning); from the run `run_n_active` (samples
        above δ_i, fewer than `min_count`), `nearest_activation` and `nearest_sample_id` (its nearest miss: the
        strongest activation at or below δ_i, null if there is none).

    Raises `ModelMismatch` and `EmptyAnchor` as `coverage` does.
    """
    check_same_space(run, anchor)
    features = anchor_features(anchor, definition, relevant)
    missing = features.can_occur & ~active(run, features.thresholds, definition.min_count)
    feature_ids = np.flatnonzero(missing).astype(np.uint32)
    delta = features.thresholds[feature_ids]
    evidence = anchor.query(
        _EVIDENCE,
        [feature_ids, delta, max(1, anchor.info.n_samples), _MEDIAN, SNIPPET_CHARACTERS, SNIPPET_CHARACTERS],
        features=feature_ids,
    )
    for column in (nearest := run.query(_NEAREST, [feature_ids, delta], features=feature_ids)).column_names[1:]:
        evidence = evidence.append_column(column, nearest[column])  # both are ordered by feature_id
    ranked = evidence.sort_by([("n_active", "descending"), ("feature_id", "ascending")])
    return ranked if limit is None else ranked.slice(0, limit)


_WANTED = """
    wanted AS (SELECT unnest(?::UINTEGER[]) AS feature_id, unnest(?::FLOAT[]) AS delta),
    mine AS (SELECT * FROM activations JOIN wanted USING (feature_id))
"""

_EVIDENCE = f"""
    WITH {_WANTED},
    counted AS (SELECT feature_id, count(*) AS n_active FROM mine WHERE activation > delta GROUP BY feature_id),
    peak AS (
        SELECT feature_id, sample_id, token_index FROM mine
        QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY activation DESC, sample_id) = 1
    )
    SELECT feature_id, counted.n_active, counted.n_active / ? AS share, stats.max, stats.quantiles[?] AS median,
        sample_id, text, token_index, char_start, char_end,
        text[char_start + 1 : char_end] AS peak_token,
        text[greatest(1, coalesce(char_start, 0)::BIGINT + 1 - ?) : coalesce(char_end, 0)::BIGINT + ?] AS snippet
    FROM counted JOIN peak USING (feature_id) JOIN feature_stats AS stats USING (feature_id)
        JOIN samples USING (sample_id)
        LEFT JOIN token_activations AS token USING (feature_id, sample_id, token_index)
    ORDER BY feature_id
"""  # noqa: S608

_NEAREST = f"""
    WITH {_WANTED},
    counted AS (SELECT feature_id, count(*) AS n_active FROM mine WHERE activation > delta GROUP BY feature_id),
    below AS (
        SELECT feature_id, activation, sample_id FROM mine WHERE activation <= delta
        QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY activation DESC, sample_id) = 1
    )
    SELECT feature_id, coalesce(n_active, 0) AS run_n_active, activation AS nearest_activation,
        sample_id AS nearest_sample_id
    FROM wanted LEFT JOIN counted USING (feature_id) LEFT JOIN below USING (feature_id)
    ORDER BY feature_id
"""  # noqa: S608
