"""From several run files to the Parquet files of one run, which `build_run` then builds like any other.

DuckDB streams from the run files to the Parquet files; memory holds a row of three numbers for each sample. All that
is told of a merged run is what encoding the datasets one after the other would have told, with two exceptions. Of the
samples between the strongest ones, token values are known for those only that the runs show, so examples of activation
intervals are drawn from these. And a run file tells sinks, and what fires outside the content, in sum alone: texts
that are left out as duplicates are still in these sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from fac_core.store.duckdb_config import NO_EXTENSIONS
from fac_core.store.partitioned.parts import COLUMNS, Parts


@dataclass(frozen=True)
class Part:
    """One of the runs."""

    path: Path
    name: str
    """Stands before the origins of its samples, as that of a set does in a mixture."""
    n_sinks: int


def merge_parts(
    parts: Sequence[Part], folder: Path, *, keep_duplicates: bool = False, memory_limit: str = "1GB"
) -> dict[str, Any]:
    """Write the Parquet files of the merged run into `folder`; returns them as arguments of `build_run`.

    Samples are numbered anew, run after run, each in its order; what could not be encoded keeps its number free, as in
    a run. A sample that an earlier run has too, but for white space at its ends, becomes a failure `duplicate`.

    Args:
        parts: of one feature space and the same settings, in order.
        keep_duplicates: leave them in.
    """
    with _database(folder, memory_limit) as db:
        for i, part in enumerate(parts):
            db.execute(f"ATTACH '{_quoted(part.path)}' AS run{i} (READ_ONLY)")
            if _has_table(db, i, "parts"):
                rows = db.sql(f"SELECT {COLUMNS} FROM run{i}.parts ORDER BY first_feature").to_arrow_table().to_pylist()  # noqa: S608
                db.register(f"activations{i}", Parts(part.path, rows).dataset())
        _number(db, parts, keep_duplicates=keep_duplicates)
        has_draws = all(_has_draws(db, i) for i in range(len(parts)))  # a draw from some of them would be none from all
        kinds = {kind: [folder / f"{i}.{kind}.parquet" for i in range(len(parts))] for kind in _SELECTED}
        for kind, select in _SELECTED.items():
            for i, part in enumerate(parts):
                lacks = kind == "outside" and not _has_table(db, i, "outside")
                values = {"run": f"run{i}", "part": i, "name": part.name.replace("'", "''"), "n_sinks": part.n_sinks}
                values["activations"] = f"activations{i}" if _has_table(db, i, "parts") else f"run{i}.activations"
                values["salt"] = part.path.stem
                sql = select.format(**values) if not lacks else _NOTHING_OUTSIDE
                if kind == "drawn" and not has_draws:
                    sql += " LIMIT 0"
                db.execute(f"COPY ({sql}) TO '{_quoted(kinds[kind][i])}' (FORMAT parquet, COMPRESSION zstd)")
    return kinds


@contextmanager
def _database(folder: Path, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = folder / "spill"
    config = {
        **NO_EXTENSIONS,
        "memory_limit": memory_limit,
        "temp_directory": str(spill),
        "preserve_insertion_order": False,
    }
    with duckdb.connect(config=config) as db:  # type: ignore[arg-type]
        yield db


_STRIPPED = r"regexp_replace({}, '^[\s\p{{Z}}\x1c-\x1f\x85]+|[\s\p{{Z}}\x1c-\x1f\x85]+$', '', 'g')"
_TEXT = _STRIPPED.format("text")
_TURN = f"""{{'role': turn.role, 'content': {_STRIPPED.format("turn.content")}}}"""
_IDENTITY = f"""
    md5_number(CASE WHEN messages IS NULL THEN {_TEXT} ELSE chr(0) || to_json(list_transform(
        from_json(messages, '[{{"role":"VARCHAR","content":"VARCHAR"}}]'), lambda turn: {_TURN}
    ))::VARCHAR END)
"""
"""SQL: a number that two samples share when, and only when, they are duplicates (`Sample.identity`)."""


def _number(db: duckdb.DuckDBPyConnection, parts: Sequence[Part], *, keep_duplicates: bool) -> None:
    """Table `numbers`: part, old id, new id (null: left out) and in which part the sample was first."""
    every = " UNION ALL ".join(
        f"""
        SELECT {i} AS part, id::UINTEGER AS old_id, digest FROM range((
            SELECT greatest(
                (SELECT coalesce(max(sample_id) + 1, 0) FROM run{i}.samples),
                (SELECT count(*) FROM run{i}.samples)
                    + (SELECT count(*) FROM run{i}.failures WHERE reason IN ('no_content_tokens', 'template_refused'))
            )
        )) AS numbered(id) LEFT JOIN (SELECT sample_id, {_IDENTITY} AS digest FROM run{i}.samples) ON sample_id = id
        """  # noqa: S608
        for i in range(len(parts))
    )
    first = (
        "part"
        if keep_duplicates
        else "CASE WHEN digest IS NULL THEN part ELSE min(part) OVER (PARTITION BY digest) END"
    )
    db.execute(f"""
        CREATE TABLE numbers AS
        WITH every AS ({every}), met AS (SELECT part, old_id, {first} AS first FROM every)
        SELECT part, old_id, first, CASE WHEN first = part THEN
            (row_number() OVER (PARTITION BY first = part ORDER BY part, old_id) - 1)::UINTEGER
        END AS new_id FROM met
    """)  # noqa: S608


_KEPT = "(SELECT old_id, new_id FROM numbers WHERE part = {part} AND new_id IS NOT NULL) ON sample_id = old_id"

_UNIFORM = "((md5_number_lower(concat_ws(':', '{salt}', feature_id, rank)) >> 11) + 1) / 9007199254740992.0"
"""SQL: a number in (0, 1] for a part, a feature and a rank."""

_SELECTED: dict[str, str] = {
    "samples": f"""
        SELECT new_id AS sample_id, text, messages, metadata, '{{name}}/' || origin AS origin
        FROM {{run}}.samples JOIN {_KEPT} ORDER BY new_id
    """,  # noqa: S608
    # Only their sum is kept, and only their sum is known: the first sample has it.
    "shard_samples": f"""
        SELECT new_id AS sample_id, n_tokens, truncated,
            CASE WHEN new_id = (SELECT min(new_id) FROM numbers WHERE part = {{part}}) THEN {{n_sinks}} ELSE 0 END::INTEGER
                AS sinks
        FROM {{run}}.samples JOIN {_KEPT}
    """,  # noqa: S608
    "activations": f"""
        SELECT feature_id, new_id AS sample_id, activation, token_index FROM {{activations}} JOIN {_KEPT}
    """,  # noqa: S608
    "examples": f"""
        SELECT feature_id, new_id AS sample_id, token_index, char_start, char_end, activation
        FROM {{run}}.token_activations JOIN {_KEPT}
    """,  # noqa: S608
    "outside": "SELECT feature_id, place, n_samples, max FROM {run}.outside",
    "failures": """
        SELECT '{name}/' || origin AS origin, reason, detail, text FROM {run}.failures
        UNION ALL
        SELECT '{name}/' || origin, 'duplicate', 'an earlier one of the merged runs has it too', left(text, 200)
        FROM {run}.samples JOIN numbers ON part = {part} AND sample_id = old_id WHERE new_id IS NULL
    """,
    # Random positives stay random positives of all: a run's are its highest of n lots, in their order, whatever they were.
    # So lots are drawn for them again, as the highest of n uniform numbers fall, and the highest of all parts are taken. They
    # must not follow from the samples: those have been chosen by their lots.
    "drawn": f"""
        WITH
        counted AS (SELECT feature_id, count(*) AS n FROM {{activations}} JOIN {_KEPT} GROUP BY feature_id),
        shown AS (
            SELECT feature_id, new_id AS sample_id, row_number() OVER (PARTITION BY feature_id ORDER BY rank) AS rank
            FROM {{run}}.examples JOIN {_KEPT} WHERE kind = 'random'
        )
        SELECT feature_id, sample_id, exp(sum(ln({_UNIFORM}) / (n - rank + 1)) OVER (
            PARTITION BY feature_id ORDER BY rank
        )) AS lot
        FROM shown JOIN counted USING (feature_id)
    """,  # noqa: S608
}
"""SQL for each kind of Parquet file, of one part."""

_NOTHING_OUTSIDE = "SELECT 0::UINTEGER AS feature_id, '' AS place, 0::UINTEGER AS n_samples, 0::FLOAT AS max LIMIT 0"


def _has_table(db: duckdb.DuckDBPyConnection, part: int, table: str) -> bool:
    found = db.execute("FROM duckdb_tables() WHERE database_name = ? AND table_name = ?", [f"run{part}", table])
    return bool(found.fetchall())


def _has_draws(db: duckdb.DuckDBPyConnection, part: int) -> bool:
    """Whether a run shows random positives: those of earlier builds do not."""
    counts = db.execute(f"SELECT count(*), count(*) FILTER (kind = 'random') FROM run{part}.examples").fetchone()  # noqa: S608
    return counts is not None and (counts[0] == 0 or counts[1] > 0)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
