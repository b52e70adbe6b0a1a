"""The schema is the single source: the dataclass and the file agree with it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from fac_core.store.runs.info import RunInfo
from fac_core.store.runs.schema import TABLES
from tests.runs import make_run


def test_run_info_mirrors_table_run(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(0, 0, 1.0)], 1, 1)
    assert run.query("FROM run").column_names == [field.name for field in fields(RunInfo)]


def test_a_run_file_has_the_tables_of_the_schema_and_no_others(tmp_path: Path) -> None:
    run = make_run(tmp_path, "run", [(0, 0, 1.0)], 1, 1)
    assert set(run.query("SELECT table_name FROM duckdb_tables()")["table_name"].to_pylist()) == set(TABLES)
