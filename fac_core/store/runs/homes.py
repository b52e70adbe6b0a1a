"""Table `homes`: in which part of a run each feature fires more than elsewhere, for every field that divides it well.

Counting reads every activation: done once, when the run is built.
"""

from __future__ import annotations

import json

import duckdb

MOST_PARTS = 40
"""A field with more values than this names samples rather than parts."""

_MOST_FIELDS = 8

OTHER = "other"
"""Where samples without the field are."""

HOMES = f"""
    WITH labelled AS (SELECT sample_id, coalesce(metadata->>?, '{OTHER}') AS value FROM samples),
    base AS (SELECT value, count(*) AS n_samples FROM labelled GROUP BY value),
    fired AS (
        SELECT feature_id, value, count(*) AS n FROM activations JOIN labelled USING (sample_id)
        WHERE feature_id IN (SELECT unnest(?::UINTEGER[])) GROUP BY feature_id, value
    )
    SELECT feature_id, value, n AS n_inside, (sum(n) OVER (PARTITION BY feature_id))::BIGINT AS n_active
    FROM fired JOIN base USING (value)
    QUALIFY row_number() OVER (PARTITION BY feature_id ORDER BY n / n_samples DESC, n DESC, value) = 1
    ORDER BY feature_id
"""  # noqa: S608
"""SQL for the JSON path of a field and some features: the value with the largest lift."""

FIELDS = f"""
    WITH pairs AS (SELECT unnest(json_keys(metadata)) AS field, metadata FROM samples WHERE metadata IS NOT NULL)
    SELECT field, count(DISTINCT metadata->>('$."' || field || '"')) AS n FROM pairs
    GROUP BY field HAVING n BETWEEN 2 AND {MOST_PARTS} ORDER BY n, field
"""  # noqa: S608
"""SQL: metadata fields that divide the run into a handful of parts, the coarsest first."""


def json_path(field: str) -> str:
    """Where a field is in the metadata."""
    return f"$.{json.dumps(field)}"


def fill_homes(db: duckdb.DuckDBPyConnection, d_sae: int) -> None:
    """Fill `homes` from the filled `samples` and `activations`, field by field."""
    fields = [field for field, _ in db.execute(FIELDS).fetchall()]
    for position, field in enumerate(fields[:_MOST_FIELDS]):
        db.execute(
            f"INSERT INTO homes SELECT ?, ?, * FROM ({HOMES})",  # noqa: S608
            [position, field, json_path(field), list(range(d_sae))],
        )
