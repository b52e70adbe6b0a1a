"""Table `feature_stats`: what every feature did in a run, one row each."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from fac_core.store.runs.schema import N_HISTOGRAM_BINS, N_STRONGEST, QUANTILE_LEVELS

_BATCH_ROWS = 4_000_000
"""Exact quantiles hold their activations in memory: so many at a time, or those of one feature if it has more."""


def fill_feature_stats(db: duckdb.DuckDBPyConnection, d_sae: int) -> None:
    """Fill `feature_stats` from the filled `activations`, batch by batch of features."""
    db.execute(
        "CREATE TEMP TABLE first_tokens AS SELECT sample_id, min(token_index) AS first FROM activations GROUP BY 1"
    )
    counts = dict(db.execute("SELECT feature_id, count(*) FROM activations GROUP BY feature_id").fetchall())
    for first, last in feature_ranges(counts, d_sae, _BATCH_ROWS):
        db.execute(_INSERT, {"first": first, "last": last})


def feature_ranges(counts: dict[int, int], d_sae: int, most: int) -> Iterator[tuple[int, int]]:
    """Ranges `(first, last)` that cover all features, each of at most `most` activations, or of one feature with more.

    >>> list(feature_ranges({0: 3, 1: 2, 3: 9}, 5, 5))
    [(0, 2), (3, 3), (4, 4)]
    """
    first = rows = 0
    for feature in range(d_sae):
        here = counts.get(feature, 0)
        if rows and rows + here > most:
            yield first, feature - 1
            first, rows = feature, 0
        rows += here
    yield first, d_sae - 1


_ABOVE = ", ".join(f"count(*) FILTER (activation > quantiles[{i}])" for i in range(1, len(QUANTILE_LEVELS) + 1))

# favg sums exactly enough (Kahan) that the order in which threads deliver rows leaves no trace in a FLOAT.
_INSERT = f"""
    INSERT INTO feature_stats
    WITH
    mine AS (SELECT * FROM activations WHERE feature_id BETWEEN $first AND $last),
    summary AS (
        SELECT feature_id, count(*) AS n_active, max(activation) AS strongest_activation,
            favg(activation)::FLOAT AS mean,
            quantile_cont(activation::DOUBLE, {list(QUANTILE_LEVELS)})::FLOAT[] AS quantiles,
            max(activation, {N_STRONGEST}) AS strongest,
            (count(*) FILTER (token_index = first) / count(*))::FLOAT AS first_token_share
        FROM mine JOIN first_tokens USING (sample_id) GROUP BY feature_id
    ),
    binned AS (
        SELECT feature_id, count(*)::INTEGER AS n, least(
            {N_HISTOGRAM_BINS - 1}, floor(activation::DOUBLE / strongest_activation * {N_HISTOGRAM_BINS})::INTEGER
        ) AS bin
        FROM mine JOIN summary USING (feature_id) GROUP BY feature_id, bin
    ),
    above AS (
        SELECT feature_id, [{_ABOVE}]::UINTEGER[] AS n_above FROM mine JOIN summary USING (feature_id)
        GROUP BY feature_id
    ),
    histograms AS (SELECT feature_id, map_from_entries(list((bin, n))) AS counts FROM binned GROUP BY feature_id)
    SELECT every.feature_id, coalesce(n_active, 0), coalesce(strongest_activation, 0), coalesce(mean, 0),
        coalesce(quantiles, []),
        [coalesce(counts[bin::INTEGER], 0) FOR bin IN range({N_HISTOGRAM_BINS})],
        coalesce(strongest, []), coalesce(first_token_share, 0),
        coalesce(n_above, [])
    FROM (SELECT range::UINTEGER AS feature_id FROM range($first, $last + 1)) AS every
        LEFT JOIN summary USING (feature_id) LEFT JOIN histograms USING (feature_id) LEFT JOIN above USING (feature_id)
    ORDER BY every.feature_id
"""  # noqa: S608
