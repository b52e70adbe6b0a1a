"""A DuckDB file that was published and is only read: any number of processes and threads may, at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

from fac_core.errors import NotFound, RunBroken


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
            self._connection = duckdb.connect(str(self.path), read_only=True)
        except duckdb.Error as error:
            raise RunBroken(broken.format(error)) from error

    def query(self, sql: str, params: Sequence[Any] = ()) -> pa.Table:
        """Run one SELECT on a cursor of its own; `?` in the SQL are filled from `params`, numpy arrays included."""
        with self._connection.cursor() as cursor:
            return cursor.sql(sql, params=list(params)).to_arrow_table()

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
