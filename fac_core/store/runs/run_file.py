"""A published run, opened to be read.

with RunFile(path) as run:
    run.info.n_samples
    run.query("SELECT sample_id, activation FROM activations WHERE feature_id = ? LIMIT 10", [41])
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as arrow_dataset

from fac_core.errors import RunBroken
from fac_core.store.partitioned.parts import COLUMNS, Parts, only
from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.read_only import ReadOnlyFile
from fac_core.store.runs.schema import BLOCK_SIZE, LATER_COLUMNS, LATER_TABLES, SCHEMA_VERSION, TABLES, columns

_OF_ACTIVATIONS = re.compile(r"\bactivations\b").search
"""Whether SQL names that table."""


class RunFile(ReadOnlyFile):
    """A run file, read-only.

    Raises `NotFound` without a file, `RunBroken` if it is damaged or of another schema version.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(
            path,
            absent=f"There is no run file {path}. `fac runs` lists what there is.",
            broken=f"{path} cannot be opened as a run file ({{}}). Encode the dataset anew.",
        )
        try:
            self.info = self._read_info()
        except RunBroken:
            self.close()
            raise

    @cached_property
    def parts(self) -> Parts | None:
        """The Parquet files that hold the activations in place of the run file; None where it holds them itself."""
        if not self.has_table("parts"):
            return None
        return Parts(self.path, super().query(f"SELECT {COLUMNS} FROM parts ORDER BY first_feature").to_pylist())  # noqa: S608

    def query(
        self,
        sql: str,
        params: Sequence[Any] = (),
        *,
        features: Collection[int] | np.ndarray | None = None,
        given: Mapping[str, arrow_dataset.Dataset] | None = None,
    ) -> pa.Table:
        """Run one SELECT on a cursor of its own; `?` in the SQL are filled from `params`, numpy arrays included.

        Args:
            features: the only ones whose activations the SQL needs, if a join and not a constant says so: of a partitioned run, no
                others are read then.
            given: tables that do not lie in the file, by the names that the SQL has for them.

        Raises `RunBroken` where the file, or one of the Parquet files of a partitioned run, is damaged or missing.
        """
        if given is None and _OF_ACTIVATIONS(sql) and (found := self.activations) is not None:
            given = {"activations": found if features is None else only(found, features)}
        return super().query(sql, params, given=given)

    @cached_property
    def activations(self) -> arrow_dataset.Dataset | None:
        """What these files hold together, sizes and footers checked; None where the run file has the table itself."""
        return None if self.parts is None else self.parts.dataset()

    def has_table(self, table: str) -> bool:
        """Whether the run was built with this table: those of earlier builds lack the newest."""
        return bool(len(self.query("FROM information_schema.tables WHERE table_name = ?", [table])))

    def has_column(self, table: str, column: str) -> bool:
        """The same for a column."""
        return bool(len(self.query("FROM pragma_table_info(?) WHERE name = ?", [table, column])))

    def failures(self, limit: int = 1000) -> pa.Table:
        """The records of the dataset that could not be encoded, the first of them, and why."""
        return self.query("FROM failures LIMIT ?", [limit])

    def failures_by_reason(self) -> dict[str, int]:
        """How many there are of each reason, the most frequent first."""
        rows = self.query(
            "SELECT reason, count(*) AS n FROM failures GROUP BY reason ORDER BY n DESC, reason"
        ).to_pylist()
        return {row["reason"]: row["n"] for row in rows}

    def bytes_of(self, table: str) -> int:
        """Bytes that a table takes up in the file: its distinct storage blocks, whole."""
        if table == "activations" and self.parts:
            return self.parts.n_bytes
        blocks = self.query(
            """
            WITH segments AS (FROM pragma_storage_info(?) WHERE persistent)
            SELECT count(DISTINCT block) AS n FROM (
                SELECT block_id AS block FROM segments
                UNION ALL SELECT unnest(additional_block_ids) FROM segments
            ) WHERE block >= 0
            """,
            [table],
        )["n"][0].as_py()
        return blocks * BLOCK_SIZE

    def _read_info(self) -> RunInfo:
        held = self._types()
        rows = self.query("SELECT * FROM run").to_pylist() if "run" in held else []
        if len(rows) != 1 or "schema_version" not in rows[0]:
            raise RunBroken(f"{self.path} holds no run. Encode the dataset anew.")
        # The version comes first: a row of another version need not have our columns.
        written = rows[0]["schema_version"]
        if written != SCHEMA_VERSION:
            raise RunBroken(
                f"{self.path} was written with schema version {written} ({rows[0].get('versions')}); "
                f"this program reads version {SCHEMA_VERSION}. Encode the dataset anew."
            )
        if wrong := _unlike_ours(held):
            raise RunBroken(f"{self.path} is no run of ours: {wrong}. Encode the dataset anew.")
        info = RunInfo(**{name: rows[0][name] for name in columns("run") if name in rows[0]})
        if wrong := info.contradiction() or self._out_of_bounds(info):
            raise RunBroken(f"{self.path} contradicts itself: {wrong}. Encode the dataset anew.")
        return info

    def _out_of_bounds(self, info: RunInfo) -> str | None:
        """Features and samples that there are not, activations that are none. DuckDB keeps the ends of a column: no row is read."""
        ends = "min(activation) AS least, max(activation) AS most, max(feature_id) AS feature, max(sample_id) AS sample"
        samples = self.query(
            "SELECT count(*) AS n, count(text) AS texts, max(sample_id) AS last FROM samples"
        ).to_pylist()[0]
        stats = self.query(
            "SELECT count(*) AS n, count(DISTINCT feature_id) AS d, max(feature_id) AS last FROM feature_stats"
        )
        if stats.to_pylist() != [{"n": info.d_sae, "d": info.d_sae, "last": info.d_sae - 1}]:
            return f"feature_stats has other features than the {info.d_sae:,} of its SAE"
        if samples["n"] != info.n_samples:
            return f"it has {samples['n']:,} samples and says {info.n_samples:,}"
        if samples["texts"] != info.n_samples:
            return f"{info.n_samples - samples['texts']:,} of its samples have no text"
        # Those of a partitioned run are held against their ranges and hashes when they are first asked for.
        for table in ("token_activations", *(() if self.parts else ("activations",))):
            found = self.query(f"SELECT {ends} FROM {table}").to_pylist()[0]  # noqa: S608 - ours
            if found["feature"] is None:
                continue
            if found["feature"] >= info.d_sae or samples["last"] is None or found["sample"] > samples["last"]:
                return f"{table} has a feature or a sample that there is not"
            if not 0 <= found["least"] <= found["most"] < float("inf"):
                return f"{table} has an activation that is no number above 0"
        return None

    def _types(self) -> dict[str, dict[str, str]]:
        """Table to column to type, as they are in the file."""
        found = self.query("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal")
        held: dict[str, dict[str, str]] = {}
        for row in found.to_pylist():
            held.setdefault(row["table_name"], {})[row["column_name"]] = row["data_type"]
        return held


def _unlike_ours(held: dict[str, dict[str, str]]) -> str | None:
    """What a file has instead of our tables and columns. Runs of earlier builds lack some, but have no others' types."""
    for table in TABLES:
        if table not in held:
            if table in LATER_TABLES or (table == "activations" and "parts" in held):
                continue
            return f"the table {table} is not there"
        for column, kind in columns(table).items():
            has = held[table].get(column)
            if has is None and (table, column) not in LATER_COLUMNS:
                return f"the column {table}.{column} is not there"
            if has not in (None, kind):
                return f"the column {table}.{column} is {has}, not {kind}"
    return None
