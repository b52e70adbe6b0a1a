"""A file from somebody else: it reaches nothing but itself, and where it is damaged one sentence says so."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from fac_core.errors import FacError, RunBroken
from fac_core.store.runs.run_file import RunFile
from fac_core.store.runs.schema import TABLES
from tests.runs import make_run

PRIVATE = "the reader's own secret"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.duckdb"
    make_run(path, "theirs", [(0, 0, 1.0), (1, 1, 2.0)], 2, 4).close()
    return path


def tampered(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as db:
        for statement in statements:
            db.execute(statement)
    return path


def test_a_view_in_place_of_a_table_is_refused_before_it_is_asked(run, tmp_path):
    (tmp_path / "secret.txt").write_text(PRIVATE)
    tampered(
        run,
        "ALTER TABLE failures RENAME TO of_old",
        f"CREATE VIEW failures AS FROM read_text('{tmp_path / 'secret.txt'}')",
    )
    with pytest.raises(RunBroken, match="it holds the view failures, and only tables are read"):
        RunFile(run)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE MACRO round(x, n) AS 0", "the macro round"),
        ("CREATE MACRO spy() AS TABLE FROM glob('/*')", "the macro spy"),
        ("CREATE TYPE mood AS ENUM ('a')", "the type mood"),
        ("CREATE TABLE more (a INTEGER, b INTEGER AS (a + 1))", r"the column more\.b, which is computed"),
    ],
)
def test_nothing_but_tables_is_read(run, statement, said):
    with pytest.raises(RunBroken, match=said):
        RunFile(tampered(run, statement))


def test_no_query_reaches_another_file_or_undoes_that(run, tmp_path):
    (tmp_path / "secret.txt").write_text(PRIVATE)
    with RunFile(run) as file:
        for sql in (
            f"FROM read_text('{tmp_path / 'secret.txt'}')",
            f"FROM glob('{tmp_path}/*')",
            f"FROM '{tmp_path / 'secret.txt'}'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
            "LOAD httpfs",
            f"ATTACH '{tmp_path / 'other.duckdb'}'",
        ):
            with pytest.raises(duckdb.Error):
                file.query(sql)
        a_variable = [1]
        with pytest.raises(duckdb.CatalogException):
            file.query("FROM a_variable")
        assert a_variable


def test_damage_is_one_sentence_that_names_the_file(run):
    """Any bytes that are cut off or flipped: our error or the true rows, nothing of DuckDB's own."""
    content = run.read_bytes()
    with RunFile(run) as file:
        expected = {table: file.query(f"FROM {table}") for table in TABLES}
    draw = np.random.default_rng(0)
    refused = 0
    for i in range(60):
        damaged = bytearray(content)
        if i % 3 == 0:
            del damaged[draw.integers(len(damaged)) :]
        else:
            for _ in range(200):
                damaged[draw.integers(len(damaged))] ^= 1 << draw.integers(8)
        run.write_bytes(damaged)
        try:
            with RunFile(run) as file:
                assert all(file.query(f"FROM {table}").equals(rows) for table, rows in expected.items())
        except FacError as error:
            refused += str(run) in str(error)
    assert refused > 40
