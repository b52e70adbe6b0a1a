"""A DuckDB file that was published and is only read: any number of processes and threads may, at the same time.

It may come from somebody else. So it is opened sealed, and refused if it holds anything but tables: a view would run its
author's SQL under our names, and a macro can take the place of a function that our queries call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa
import pyarrow.dataset as arrow_dataset

from fac_core.errors import NotFound, RunBroken
from fac_core.shortage import shortage
from fac_core.store.duckdb_config import SEALED

_OF_DAMAGE = (
    duckdb.Error,
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.SerializationException,
)
"""What DuckDB raises for bytes that are not as it wrote them; the first, itself and no kind of it, where a checksum is wrong."""

_OF_STREAM = "reading the stream registered as"
"""What DuckDB says where it was reading a table that was `given`."""

_FOREIGN = """
    SELECT 'the view ' || view_name AS what FROM duckdb_views() WHERE NOT internal
    UNION ALL SELECT 'the macro ' || function_name FROM duckdb_functions() WHERE NOT internal
    UNION ALL SELECT 'the type ' || type_name FROM duckdb_types() WHERE NOT internal
    UNION ALL SELECT 'the column ' || table_name || '.' || column_name || ', which is computed' FROM duckdb_columns()
        WHERE NOT internal AND is_generated
    LIMIT 1
"""

_OF_TABLES_ALONE: set[tuple[Path, int, int]] = set()
"""Path, time and size of files that were looked at in this process: going through the functions takes 9 ms."""


_HEADERS = 3 * 4096
"""Bytes before the first block of a DuckDB file."""


class ReadOnlyFile:
    """An opened file.

    Args:
        absent: the error where there is no such file, as a sentence.
        broken: the same where DuckDB cannot open it; `{}` is what DuckDB says.
    """

    def __init__(self, path: Path, absent: str, broken: str) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise NotFound(absent)
        try:
            self._connection = duckdb.connect(str(self.path), read_only=True, config=SEALED)
        except duckdb.Error as error:
            raise shortage(error, self.path.parent) or RunBroken(broken.format(_first_line(error))) from error
        state = self.path.stat()
        known = (self.path, state.st_mtime_ns, state.st_size)
        if known not in _OF_TABLES_ALONE:
            self._refuse_cut(state.st_size)
            if foreign := self._all_but_tables():
                self.close()
                raise RunBroken(broken.format(f"it holds {foreign}, and only tables are read"))
            _OF_TABLES_ALONE.add(known)

    def query(
        self, sql: str, params: Sequence[Any] = (), *, given: Mapping[str, arrow_dataset.Dataset] | None = None
    ) -> pa.Table:
        """Run one SELECT on a cursor of its own; `?` in the SQL are filled from `params`, numpy arrays included.

        Args:
            given: tables that do not lie in the file, by the names that the SQL has for them.
        """
        try:
            with self._connection.cursor() as cursor:
                for name, table in (given or {}).items():
                    cursor.register(name, table)
                return cursor.sql(sql, params=list(params)).to_arrow_table()
        except duckdb.Error as error:
            if given and _OF_STREAM in str(error):
                raise RunBroken(
                    f"{self.path} has Parquet files that are damaged or out of reach ({_first_line(error)}). Copy them again."
                ) from error
            if (told := shortage(error, self.path.parent)) is not None:
                raise told from error
            if type(error) in _OF_DAMAGE or isinstance(error, duckdb.DataError):  # values that our SQL cannot mean
                raise RunBroken(
                    f"{self.path} is damaged ({_first_line(error)}). Copy it again from where it came from, or make it anew."
                ) from error
            raise

    def _refuse_cut(self, size: int) -> None:
        """A copy that broke off has its beginning, and opens: what is not there shows when it is asked for."""
        try:
            row = self.query("SELECT block_size, total_blocks FROM pragma_database_size()").to_pylist()[0]
            missing = _HEADERS + row["block_size"] * row["total_blocks"] - size
            if missing > 0:
                raise RunBroken(
                    f"{self.path} is cut: its last {missing:,} bytes are missing. Copy it again from where it came from, or"
                    " make it anew."
                )
        except RunBroken:
            self.close()
            raise

    def _all_but_tables(self) -> str | None:
        found = self.query(_FOREIGN)["what"]
        return found[0].as_py() if len(found) else None

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
