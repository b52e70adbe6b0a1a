"""Run files from somebody else: bits flipped, cut, tables swapped, other types, garbage."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import duckdb

from fac_core.store.runs.schema import TABLES
from tests.hostile.damage import Make
from tests.hostile.texts import MARKUP


def _whole(folder: Path) -> bytes:
    """The run that all cases begin with lies beside their folders."""
    return (folder.parent / "whole.duckdb").read_bytes()


def damaged_run(draw: random.Random, folder: Path) -> Path:
    content = bytearray(_whole(folder))
    match draw.randrange(4):
        case 0:
            del content[draw.randrange(len(content)) :]
        case 1:
            for _ in range(draw.choice((1, 20, 400))):
                content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        case 2:
            at = draw.randrange(len(content) - 4096)
            content[at : at + 4096] = draw.randbytes(4096)
        case _:
            at, of = (draw.randrange(len(content) - 4096) & ~4095 for _ in range(2))
            content[at : at + 4096] = content[of : of + 4096]
    path = folder / "theirs.duckdb"
    path.write_bytes(content)
    return path


def tampered_run(draw: random.Random, folder: Path) -> Path:
    """A whole DuckDB file that says something else than ours do."""
    path = folder / "theirs.duckdb"
    path.write_bytes(_whole(folder))
    table, other = draw.sample(list(TABLES), 2)
    with duckdb.connect(str(path)) as db:
        columns = [row[0] for row in db.execute(f"DESCRIBE {table}").fetchall()]
        column = draw.choice(columns)
        said = draw.choice(MARKUP).replace("'", "''")
        statements = (
            [f"DROP TABLE {table}"],
            [
                f"ALTER TABLE {table} RENAME TO t",
                f"ALTER TABLE {other} RENAME TO {table}",
                f"ALTER TABLE t RENAME TO {other}",
            ],
            [f"ALTER TABLE {table} DROP COLUMN {column}"],
            [
                f"ALTER TABLE {table} ALTER {column} TYPE {draw.choice(('VARCHAR', 'BLOB', 'VARCHAR[]', 'STRUCT(a VARCHAR)'))}"
                + " USING NULL"
            ],
            [f"UPDATE {table} SET {column} = NULL"],
            [f"DELETE FROM {table}"],
            [f"INSERT INTO {table} FROM {table}"],
            [
                f"UPDATE run SET {draw.choice(('name', 'model', 'sae', 'versions', 'created_at', 'roles', 'commits', 'source', 'run_id'))} = '{said}'"
            ],
            [
                f"UPDATE run SET {draw.choice(('d_sae', 'n_samples', 'n_tokens', 'context', 'd_model'))} = {draw.choice((-1, 0, 2**31 - 1))}"
            ],
            [f"UPDATE samples SET text = '{said}', metadata = '{draw.choice(('[', 'null', '3', said))}'"],
            ["UPDATE activations SET sample_id = 4000000000"],
            ["UPDATE activations SET feature_id = 4000000000"],
            [f"UPDATE activations SET activation = '{draw.choice(('nan', 'inf', '-inf', '-1'))}'"],
            ["UPDATE token_activations SET char_start = 4000000000, char_end = 0"],
            ["CREATE VIEW v AS FROM glob('/*')"],
            ["CREATE MACRO round(x, n) AS 0"],
            ["ALTER TABLE run ADD COLUMN more VARCHAR"],
        )
        for statement in draw.choice(statements):
            try:
                db.execute(statement)
            except duckdb.Error:  # the draw asks for what DuckDB does not do
                break
    return path


def no_run(draw: random.Random, folder: Path) -> Path:
    path = folder / "theirs.duckdb"
    match draw.randrange(4):
        case 0:
            path.write_bytes(draw.randbytes(draw.choice((0, 1, 4096, 100_000))))
        case 1:
            sqlite3.connect(path).close()
        case 2:
            duckdb.connect(str(path)).close()
        case _:
            path.mkdir()
    return path


def kinds() -> dict[str, dict[str, tuple[Make, int]]]:
    """By door and name how it is made, and how many of it the whole corpus has."""
    return {"run file": {"damaged": (damaged_run, 200), "tampered": (tampered_run, 300), "no run": (no_run, 20)}}
