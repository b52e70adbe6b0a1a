"""A published run, opened to be read.

with RunFile(path) as run:
    run.info.n_samples
    run.query("SELECT sample_id, activation FROM activations WHERE feature_id = ? LIMIT 10", [41])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from fac_core.errors import NotFound, RunBroken
from fac_core.store.runs.schema import BLOCK_SIZE, SCHEMA_VERSION


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """The one row of table `run`."""

    run_id: str
    """Content hash of the dataset, the feature space and what else changes activations."""
    name: str
    """What people call it; the newest run of a name is meant."""
    dataset_id: str
    """Content hash of the dataset."""
    dataset_name: str
    source: str
    """File, folder or hub id that the dataset was read from."""
    space_id: str
    """Content hash of the feature space. Only runs of one space can be compared."""
    model: str
    model_hash: str | None = None
    n_blocks: int | None = None
    """Blocks of the model that were run."""
    hook_name: str | None = None
    """Where in the model the SAE reads."""
    sae: str
    sae_hash: str | None = None
    sae_architecture: str | None = None
    activation_mode: str | None = None
    """`native`, `topk` or `dense`."""
    d_model: int | None = None
    """Width of the model."""
    d_sae: int
    """Number of features."""
    dtype: str | None = None
    dtype_reason: str | None = None
    """Why this dtype was chosen."""
    tokenizer: str | None = None
    context: int | None = None
    """Window in tokens."""
    roles: str | None = None
    """Whose messages of a chat are content, separated by commas."""
    n_samples: int = 0
    """Encoded samples."""
    n_failures: int = 0
    """Samples that could not be encoded."""
    n_truncated: int = 0
    """Samples longer than the window."""
    n_tokens: int = 0
    """Content tokens."""
    n_sinks: int = 0
    """Attention-sink tokens, excluded from the content."""
    n_activations: int = 0
    """Rows of table `activations`."""
    seconds: float | None = None
    """Wall time of the encoding."""
    created_at: str
    """ISO 8601, UTC."""
    versions: str | None = None
    """JSON object: package to version."""
    schema_version: int = SCHEMA_VERSION


class RunFile:
    """A run file, read-only. Any number of processes and threads may read one at the same time.

    Raises `NotFound` without a file, `RunBroken` if it is damaged or of another schema version.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise NotFound(f"There is no run file {self.path}. `fac runs` lists what there is.")
        try:
            self._connection = duckdb.connect(str(self.path), read_only=True)
        except duckdb.Error as error:
            raise RunBroken(
                f"{self.path} cannot be opened as a run file ({error}). Encode the dataset anew."
            ) from error
        try:
            self.info = self._read_info()
        except RunBroken:
            self.close()
            raise

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one SELECT on a cursor of its own; `?` in the SQL are filled from `params`, numpy arrays included."""
        with self._connection.cursor() as cursor:
            return cursor.sql(sql, params=list(params)).to_arrow_table()

    def has_table(self, table: str) -> bool:
        """Whether the run was built with this table: those of earlier builds lack the newest."""
        return bool(len(self.query("FROM information_schema.tables WHERE table_name = ?", [table])))

    def has_column(self, table: str, column: str) -> bool:
        """The same for a column."""
        return bool(len(self.query("FROM pragma_table_info(?) WHERE name = ?", [table, column])))

    def bytes_of(self, table: str) -> int:
        """Bytes that a table takes up in the file: its distinct storage blocks, whole."""
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

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _read_info(self) -> RunInfo:
        try:
            rows = self.query("SELECT * FROM run").to_pylist()
        except duckdb.Error as error:
            raise RunBroken(f"{self.path} holds no run ({error}). Encode the dataset anew.") from error
        if len(rows) != 1 or "schema_version" not in rows[0]:
            raise RunBroken(f"{self.path} holds no run. Encode the dataset anew.")
        # The version comes first: a row of another version need not have our columns.
        written = rows[0]["schema_version"]
        if written != SCHEMA_VERSION:
            raise RunBroken(
                f"{self.path} was written with schema version {written} ({rows[0].get('versions')}); "
                f"this program reads version {SCHEMA_VERSION}. Encode the dataset anew."
            )
        return RunInfo(**rows[0])
