"""The tables of a run file, in one place.

A change here that an older reader would misread raises `SCHEMA_VERSION`.
"""

from __future__ import annotations

SCHEMA_VERSION = 1

SIGNIFICANT_DIGITS = 4
"""Activations are stored rounded to 4 significant digits (an error of at most 0.05 %, a tenth of what bfloat16 does to
them): DuckDB then compresses the column as decimal numbers, and a stored activation costs 5.3 instead of 6.4 bytes."""

BLOCK_SIZE = 65_536
"""Bytes. A column of a row group fills few of the default 256 KiB blocks: with those an activation costs 6.4 bytes."""

QUANTILE_LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
"""Levels of `feature_stats.quantiles`, of the non-zero activations, linearly interpolated."""

N_STRONGEST = 10
"""Length of `feature_stats.strongest`: FAC at any δ with `min_count` up to this needs no activation at all."""

N_HISTOGRAM_BINS = 50
"""Equal bins of 0..max in `feature_stats.histogram`; a bin includes its lower edge, the last one also max."""

N_TOP_EXAMPLES = 20
"""Strongest samples shown for each feature."""

N_INTERVALS = 5
"""Equal intervals of 0..max that examples are drawn from."""

INTERVAL = f"least({N_INTERVALS - 1}, floor(activation::DOUBLE * {N_INTERVALS} / max)::INTEGER)"
"""SQL: the interval that `activation` lies in, 0..N_INTERVALS-1; an interval includes its lower edge, the last one also
`max`. Multiplied first, the quotient of two short numbers never rounds across an edge."""

N_PER_INTERVAL = 5
"""Samples shown from each interval."""

N_RANDOM = 5
"""Random positives shown for each feature."""

N_PEAK_WORDS = 5
"""Words kept for each feature in `peak_words`."""

TABLES: dict[str, str] = {
    "run": """
        run_id VARCHAR NOT NULL, name VARCHAR NOT NULL,
        dataset_id VARCHAR NOT NULL, dataset_name VARCHAR NOT NULL, source VARCHAR NOT NULL,
        space_id VARCHAR NOT NULL, model VARCHAR NOT NULL, model_hash VARCHAR, n_blocks INTEGER, hook_name VARCHAR,
        sae VARCHAR NOT NULL, sae_hash VARCHAR, sae_architecture VARCHAR, activation_mode VARCHAR,
        d_model INTEGER, d_sae INTEGER NOT NULL, dtype VARCHAR, dtype_reason VARCHAR, tokenizer VARCHAR,
        context INTEGER, roles VARCHAR,
        n_samples BIGINT NOT NULL, n_failures BIGINT NOT NULL, n_truncated BIGINT NOT NULL, n_tokens BIGINT NOT NULL,
        n_sinks BIGINT NOT NULL, n_activations BIGINT NOT NULL,
        seconds DOUBLE, created_at VARCHAR NOT NULL, versions VARCHAR, schema_version INTEGER NOT NULL, in_part BOOLEAN,
        commits VARCHAR
    """,
    # In order of sample_id. Ids have gaps where a sample could not be encoded: it is in `failures`.
    "samples": """
        sample_id UINTEGER NOT NULL, text VARCHAR, messages VARCHAR, metadata VARCHAR, origin VARCHAR,
        n_tokens INTEGER NOT NULL, truncated BOOLEAN NOT NULL
    """,
    # Sorted by (feature_id, activation desc, sample_id): one feature is one zone-map lookup, its best rows come first.
    "activations": """
        feature_id UINTEGER NOT NULL, sample_id UINTEGER NOT NULL, activation FLOAT NOT NULL,
        token_index USMALLINT NOT NULL
    """,
    # One row for every feature 0..d_sae-1, the dead ones too (zeros and empty lists). `first_token_share` is the share
    # of a feature's samples whose peak lies on the first content token: near 1, the feature marks a position. `n_above`
    # counts the activations above each quantile; runs of earlier builds lack it.
    "feature_stats": """
        feature_id UINTEGER NOT NULL, n_active UINTEGER NOT NULL, max FLOAT NOT NULL, mean FLOAT NOT NULL,
        quantiles FLOAT[] NOT NULL, histogram INTEGER[] NOT NULL, strongest FLOAT[] NOT NULL,
        first_token_share FLOAT NOT NULL, n_above UINTEGER[] NOT NULL
    """,
    # Only of the samples in `examples`; offsets count characters of `samples.text`.
    "token_activations": """
        feature_id UINTEGER NOT NULL, sample_id UINTEGER NOT NULL, token_index USMALLINT NOT NULL,
        char_start UINTEGER, char_end UINTEGER, activation FLOAT NOT NULL
    """,
    # kind 'top': rank 1.. over all, bin null; kind 'bin': rank 1.. within the interval, bin 0..N_INTERVALS-1; kind
    # 'random': rank 1.. of a draw over all, bin null. Runs of earlier builds have none of the last.
    "examples": """
        feature_id UINTEGER NOT NULL, sample_id UINTEGER NOT NULL, kind VARCHAR NOT NULL, rank INTEGER NOT NULL,
        bin INTEGER
    """,
    # The words at the peaks of the `top` examples, rank 1 the most frequent. Runs of earlier builds lack the table.
    "peak_words": "feature_id UINTEGER NOT NULL, rank UTINYINT NOT NULL, word VARCHAR NOT NULL, share DOUBLE NOT NULL",
    # Where each feature fires more than elsewhere, for each metadata field with 2 to 40 values; `position` orders the
    # fields, the coarsest first. Runs of earlier builds lack the table.
    "homes": """
        position UTINYINT NOT NULL, field VARCHAR NOT NULL, feature_id UINTEGER NOT NULL, value VARCHAR NOT NULL,
        n_inside UINTEGER NOT NULL, n_active UINTEGER NOT NULL
    """,
    # Where else features fire: `place` is 'special' or 'truncated' (shard_schema.py). It explains gaps and is never
    # counted in a FAC. Runs of earlier builds lack the table.
    "outside": "feature_id UINTEGER NOT NULL, place VARCHAR NOT NULL, n_samples UINTEGER NOT NULL, max FLOAT NOT NULL",
    "failures": "origin VARCHAR, reason VARCHAR NOT NULL, detail VARCHAR, text VARCHAR",
}


LATER_TABLES = frozenset({"peak_words", "homes", "outside"})
LATER_COLUMNS = frozenset({("feature_stats", "n_above"), ("run", "in_part"), ("run", "commits")})
"""What runs of earlier builds may lack."""


def columns(table: str) -> dict[str, str]:
    """The columns of a table with their types, as DuckDB names them.

    >>> columns("homes")["value"]
    'VARCHAR'
    """
    return {column.split()[0]: column.split()[1] for column in TABLES[table].split(",")}


def ddl(table: str) -> str:
    """The `CREATE TABLE` statement of a table."""
    return f"CREATE TABLE {table} ({TABLES[table]})"
