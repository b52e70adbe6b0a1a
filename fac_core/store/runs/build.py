"""From the Parquet files of the shards to a published run file.

The file is built as `<path>.building`, checkpointed, closed, and published by one atomic replace: a reader sees a whole
run or none. The work is done by DuckDB out of core, in sorted or batched steps, so memory does not grow with the data.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import duckdb

from fac_core.errors import RunBroken, StoreBusy
from fac_core.shortage import explained
from fac_core.store.duckdb_config import NO_EXTENSIONS
from fac_core.store.process_lock import held
from fac_core.store.runs.feature_stats import feature_ranges, fill_feature_stats
from fac_core.store.runs.homes import fill_homes
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.lot import LOT
from fac_core.store.runs.peak_words import fill_peak_words
from fac_core.store.runs.rounding import ROUNDED
from fac_core.store.runs.schema import (
    BLOCK_SIZE,
    INTERVAL,
    N_PER_INTERVAL,
    N_RANDOM,
    N_TOP_EXAMPLES,
    SCHEMA_VERSION,
    TABLES,
    ddl,
)

_STAGES: dict[str, str] = {
    "samples": """
        sample_id UINTEGER, text VARCHAR, messages VARCHAR, metadata VARCHAR, origin VARCHAR
    """,
    "shard_samples": "sample_id UINTEGER, n_tokens INTEGER, truncated BOOLEAN, sinks INTEGER",
    "activations": "feature_id UINTEGER, sample_id UINTEGER, activation FLOAT, token_index USMALLINT",
    "examples": """
        feature_id UINTEGER, sample_id UINTEGER, token_index USMALLINT, char_start UINTEGER, char_end UINTEGER,
        activation FLOAT
    """,
    "outside": "feature_id UINTEGER, place VARCHAR, n_samples UINTEGER, max FLOAT",
    "failures": "origin VARCHAR, reason VARCHAR, detail VARCHAR, text VARCHAR",
    "drawn": "feature_id UINTEGER, sample_id UINTEGER, lot DOUBLE",
}
"""Columns that are read from each kind of Parquet file."""

_SORTED_ROWS, _SORTED_SAMPLES = 100_000_000, 1_000_000
"""So many activations are sorted at a time, by ranges of features, and so many samples: what spills to the disk does not grow
with the run. Each range of features reads the shards again."""


def build_run(
    path: Path,
    info: RunInfo,
    *,
    samples: Path | Sequence[Path],
    shard_samples: Sequence[Path],
    activations: Sequence[Path],
    examples: Sequence[Path],
    failures: Sequence[Path],
    outside: Sequence[Path] = (),
    drawn: Sequence[Path] | None = None,
    memory_limit: str = "1GB",
) -> None:
    """Build the run file at `path` and publish it. Same files in, same rows out.

    Args:
        path: where readers will find the run; its folder is made.
        info: the row of table `run`; its counts and schema version are replaced by what the files hold.
        samples, shard_samples, activations, examples, failures, outside: Parquet files as in "Contracts" of ARCHITECTURE.md.
            Activations that are not positive are left out; the others are rounded to `SIGNIFICANT_DIGITS`.
        drawn: Parquet files with `feature_id, sample_id, lot`: random positives, of which the highest lots are shown. None:
            they are drawn from all that the shards propose.
        memory_limit: what DuckDB may use; beyond it spills to `<path>.spill`.

    Raises:
        StoreBusy: somebody else builds the same run at this moment, or has the published file open on Windows.
        RunBroken: the files contradict each other or cannot be read; nothing is published.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    building, spill = _on_the_way(path)
    files = {
        "samples": [samples] if isinstance(samples, Path) else samples,
        "shard_samples": shard_samples,
        "activations": activations,
        "examples": examples,
        "outside": outside,
        "failures": failures,
        "drawn": drawn or (),
    }
    busy = f"Another process is building {path.name}. Wait for it to end, then try again."
    with held(path.with_name(path.name + ".lock"), busy):
        remove_unfinished(path)  # what a killed build left
        try:
            with explained(path.parent), _database(building, spill, memory_limit) as db:
                _stage(db, files)
                _check_samples(db)
                for table in TABLES:
                    db.execute(ddl(table))
                _fill_samples(db)
                _fill_activations(db, info.d_sae)
                fill_feature_stats(db, info.d_sae)
                _fill_examples(db, info.d_sae, are_drawn=drawn is not None)
                fill_peak_words(db, info.d_sae)
                fill_homes(db, info.d_sae)
                _fill_outside(db)
                _fill_run(db, info)
                db.execute("CHECKPOINT")
            _publish(building, path)
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            raise RunBroken(f"{path.name} cannot be built: {error}. Encode the dataset again.") from error
        finally:
            remove_unfinished(path)


@contextmanager
def _database(building: Path, spill: Path, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    db = duckdb.connect(
        str(building),
        config={
            **NO_EXTENSIONS,
            "default_block_size": BLOCK_SIZE,
            "memory_limit": memory_limit,
            "temp_directory": str(spill),
            "preserve_insertion_order": False,
        },
    )
    try:
        yield db
    finally:
        db.close()


def _stage(db: duckdb.DuckDBPyConnection, files: dict[str, Sequence[Path]]) -> None:
    """One temporary view for each kind of Parquet file; no file is an empty table."""
    for kind, columns in _STAGES.items():
        paths = [str(p) for p in files[kind]]
        if paths:
            names = ", ".join(column.split()[0] for column in columns.split(","))
            listed = ", ".join("'" + p.replace("'", "''") + "'" for p in paths)
            # Parameters are not allowed in a view, so the paths are quoted by hand.
            db.execute(f"CREATE TEMP VIEW new_{kind} AS SELECT {names} FROM read_parquet([{listed}])")  # noqa: S608
        else:
            db.execute(f"CREATE TEMP TABLE new_{kind} ({columns})")


def _check_samples(db: duckdb.DuckDBPyConnection) -> None:
    lost = db.execute("""
        SELECT count(*), min(origin) FROM new_samples
        ANTI JOIN new_shard_samples USING (sample_id) ANTI JOIN new_failures USING (origin)
    """).fetchone()
    twice = db.execute("""
        SELECT sample_id FROM new_shard_samples GROUP BY sample_id HAVING count(*) > 1 ORDER BY sample_id LIMIT 1
    """).fetchone()
    unknown = db.execute("""
        SELECT min(sample_id) FROM new_shard_samples ANTI JOIN new_samples USING (sample_id) HAVING count(*) > 0
    """).fetchone()
    if lost and lost[0]:
        raise RunBroken(
            f"{lost[0]} samples, the first from {lost[1]}, are neither in a shard nor among the failures. "
            "A shard is missing: encode again."
        )
    if twice:
        raise RunBroken(f"Sample {twice[0]} is in two shards. Remove the cache of this run and encode again.")
    if unknown:
        raise RunBroken(f"Sample {unknown[0]} is in a shard but not in the dataset. The shards are of another dataset.")


def _fill_samples(db: duckdb.DuckDBPyConnection) -> None:
    last = db.execute("SELECT coalesce(max(sample_id), 0) FROM new_samples").fetchall()[0][0]
    for first in range(0, last + 1, _SORTED_SAMPLES):
        db.execute(
            """
            INSERT INTO samples
            SELECT sample_id, text, messages, metadata, origin, n_tokens, truncated
            FROM new_samples JOIN new_shard_samples USING (sample_id) WHERE sample_id BETWEEN ? AND ? ORDER BY sample_id
            """,
            [first, first + _SORTED_SAMPLES - 1],
        )
    db.execute("INSERT INTO failures SELECT * FROM new_failures ORDER BY ALL")


def _fill_activations(db: duckdb.DuckDBPyConnection, d_sae: int) -> None:
    # DuckDB orders NaN above everything, so one comparison finds NaN, infinity and what rounding would overflow.
    broken = db.execute("SELECT count(*) FROM new_activations WHERE NOT activation < 1e38").fetchone()
    if broken and broken[0]:
        raise RunBroken(f"{broken[0]} activations are not finite numbers. Encode again in float32.")
    positive = "FROM new_activations WHERE activation > 0"
    counts = dict(db.execute(f"SELECT feature_id, count(*) {positive} GROUP BY feature_id").fetchall())
    stray = max(counts, default=0)
    if stray >= d_sae:
        raise RunBroken(f"Feature {stray} is in a shard, but the SAE has {d_sae}. The shards are of another SAE.")
    for first, last in feature_ranges(counts, d_sae, _SORTED_ROWS):
        db.execute(
            f"""
            INSERT INTO activations
            SELECT feature_id, sample_id, {ROUNDED} AS stored, token_index {positive} AND feature_id BETWEEN ? AND ?
            ORDER BY feature_id, stored DESC, sample_id
            """,
            [first, last],
        )
    orphan = db.execute("SELECT min(sample_id) FROM activations ANTI JOIN samples USING (sample_id)").fetchone()
    if orphan and orphan[0] is not None:
        raise RunBroken(f"Sample {orphan[0]} has activations but is in no shard's samples. Encode again.")


def _fill_examples(db: duckdb.DuckDBPyConnection, d_sae: int, *, are_drawn: bool) -> None:
    """Choose what is shown: the strongest, from each interval a draw that md5 makes the same everywhere, and the samples
    with the highest lots: every shard proposed its own, so they are drawn from all that fire the feature.
    """
    counts = dict(db.execute("SELECT feature_id, n_active FROM feature_stats").fetchall())
    drawn, lot = ("proposed JOIN new_drawn USING (feature_id, sample_id)", "lot") if are_drawn else ("proposed", LOT)
    chosen = _CHOSEN.format(drawn=drawn, lot=lot)
    for first, last in feature_ranges(counts, d_sae, _SORTED_ROWS):
        within = {"first": first, "last": last}
        db.execute(_PROPOSED, within)
        db.execute(f"INSERT INTO examples {chosen}")
        db.execute(f"INSERT INTO token_activations {_TOKENS}", within)


_PROPOSED = f"""
    CREATE OR REPLACE TEMP TABLE proposed AS
    SELECT feature_id, sample_id, activation, {INTERVAL} AS bin
    FROM (SELECT DISTINCT feature_id, sample_id FROM new_examples)
        JOIN activations USING (feature_id, sample_id) JOIN feature_stats USING (feature_id)
    WHERE feature_id BETWEEN $first AND $last
"""  # noqa: S608

_CHOSEN = f"""
    SELECT * FROM (
        SELECT feature_id, sample_id, 'top' AS kind,
            row_number() OVER (PARTITION BY feature_id ORDER BY activation DESC, sample_id) AS rank, NULL AS bin
        FROM proposed QUALIFY rank <= {N_TOP_EXAMPLES}
        UNION ALL
        SELECT feature_id, sample_id, 'bin' AS kind, row_number() OVER (
            PARTITION BY feature_id, bin ORDER BY md5(concat(feature_id, ':', sample_id)), sample_id
        ) AS rank, bin
        FROM proposed QUALIFY rank <= {N_PER_INTERVAL}
        UNION ALL
        SELECT feature_id, sample_id, 'random' AS kind,
            row_number() OVER (PARTITION BY feature_id ORDER BY {{lot}} DESC, sample_id) AS rank, NULL AS bin
        FROM {{drawn}} QUALIFY rank <= {N_RANDOM}
    ) ORDER BY feature_id, kind DESC, bin, rank
"""  # noqa: S608

_TOKENS = f"""
    SELECT feature_id, sample_id, token_index, char_start, char_end, {ROUNDED}
    FROM new_examples SEMI JOIN examples USING (feature_id, sample_id)
    WHERE activation > 0 AND feature_id BETWEEN $first AND $last
    ORDER BY feature_id, sample_id, token_index
"""  # noqa: S608


def _fill_outside(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(f"""
        INSERT INTO outside
        SELECT feature_id, place, n_samples, {ROUNDED} FROM (
            SELECT feature_id, place, sum(n_samples) AS n_samples, max(max) AS activation FROM new_outside
            WHERE max > 0 GROUP BY feature_id, place
        ) ORDER BY ALL
    """)  # noqa: S608


def _fill_run(db: duckdb.DuckDBPyConnection, info: RunInfo) -> None:
    counts = db.execute("""
        SELECT (SELECT count(*) FROM samples), (SELECT count(*) FROM failures),
            (SELECT count(*) FROM samples WHERE truncated), (SELECT coalesce(sum(n_tokens), 0)::BIGINT FROM samples),
            (SELECT coalesce(sum(sinks), 0)::BIGINT FROM new_shard_samples), (SELECT count(*) FROM activations)
    """).fetchall()[0]
    names = ("n_samples", "n_failures", "n_truncated", "n_tokens", "n_sinks", "n_activations")
    row = asdict(replace(info, **dict(zip(names, counts, strict=True)), schema_version=SCHEMA_VERSION))
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT INTO run ({', '.join(row)}) VALUES ({marks})", list(row.values()))  # noqa: S608


def _publish(building: Path, path: Path) -> None:
    try:
        building.replace(path)
    except PermissionError as error:
        raise StoreBusy(f"{path.name} is open in another program. Close it, then try again.") from error


def _on_the_way(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + ".building"), path.with_name(path.name + ".spill")


def remove_unfinished(path: Path) -> None:
    """Remove what a build of the run at `path` has on the disk. Whoever calls it holds its lock, `<path>.lock`."""
    building, spill = _on_the_way(path)
    for leftover in (building, building.with_name(building.name + ".wal")):
        leftover.unlink(missing_ok=True)
    shutil.rmtree(spill, ignore_errors=True)
